import { afterAll, expect, test } from 'bun:test'
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import * as v from 'valibot'
import { parseResponse, type WireResponse } from '../conformance/http.ts'
import { serverAt } from '../conformance/server.ts'
import { firstLine } from '../servers.ts'
import { fuzz, type Verdict } from './fuzz.ts'
import { type Ask, asks, bucket, type Does } from './s3-asks.ts'
import { bytesOf, type Damage, damages } from './s3-damages.ts'

const parent = mkdtempSync(join(tmpdir(), 'assay-fuzz-s3-'))
const folder = join(parent, 'deep', 'er', 'store')
mkdirSync(folder, { recursive: true })
const child = Bun.spawn([process.execPath, join(import.meta.dir, '../../tasks/object-store/server/main.ts')], {
  env: { ...process.env, STORE_DIR: folder },
  stdin: 'pipe',
  stdout: 'pipe',
  stderr: 'pipe',
})
const said = new Response(child.stderr).text()
const Served = v.object({
  endpoint: v.string(),
  region: v.string(),
  accessKeyId: v.string(),
  secretAccessKey: v.string(),
})
const { endpoint: url, ...keys } = v.parse(Served, JSON.parse(await firstLine(child.stdout)))
const server = serverAt({ url, ...keys }, undefined)

afterAll(async () => {
  server.close()
  child.kill('SIGTERM')
  await child.exited
  rmSync(parent, { recursive: true })
})

/** What must be in the bucket. */
const there = new Map<string, Buffer>()

test('the store does what it is rightly asked, refuses anything else in its own words, and lives on', async () => {
  expect((await server.request({ method: 'PUT', bucket })).status).toBe(200)
  await fuzz('S3 requests', 1000, fc.tuple(asks, damages), ([ask, damage]) => judged(ask, damage))
  for (const [key, body] of there) expect(body.equals((await server.request({ bucket, key })).body)).toBe(true)
  expect(readdirSync(parent)).toEqual(['deep'])
  expect(readdirSync(join(parent, 'deep'))).toEqual(['er'])
  expect(readdirSync(join(parent, 'deep', 'er'))).toEqual(['store'])
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    expect([path, lstatSync(join(folder, path)).isSymbolicLink()]).toEqual([
      expect.stringMatching(/^(catalog\.sqlite|requests\.jsonl|content)/),
      false,
    ])
  child.kill('SIGTERM')
  expect([await child.exited, await said]).toEqual([0, ''])
}, 600_000)

async function judged({ options, does }: Ask, damage: Damage | undefined): Promise<Verdict> {
  const wire = await server.sign(options)
  const changed = damage?.change(wire) ?? wire
  const answer = await exchange('url' in changed ? bytesOf(changed) : changed, wire.method, damage)
  if (answer === 'closed') {
    expect(damage?.name).toMatch(/^garbage|^cut off|^one byte/)
    await lookAgain(does, damage?.must === 'refused')
    return 'refused'
  }
  const { status, headers, text } = answer
  expect([200, 204, 206, 304, 400, 403, 404, 405, 409, 411, 412, 414, 416, 431, 501]).toContain(status)
  if (status < 400) {
    expect(damage?.must).toBeUndefined()
    done(does, answer)
    if (damage !== undefined) await lookAgain(does, true)
    return 'accepted'
  }
  if (damage === undefined && does.kind !== 'odd') expect(wasRightlyRefused(does, status)).toBe(true)
  // What no HTTP parser takes never comes to the store itself.
  if (wire.method !== 'HEAD' && headers.has('x-amz-request-id')) {
    expect(text).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\s*<Error><Code>\w+<\/Code><Message>[^<]+<\/Message>/,
    )
    expect(text).not.toMatch(/\n\s+at |InternalError/)
    expect(text).not.toContain(parent)
  }
  return 'refused'
}

/** What a damaged request left: it was done wholly or not at all, and not at all where it must not be. */
async function lookAgain(does: Does, mustNot: boolean): Promise<void> {
  if (does.kind !== 'put' && does.kind !== 'delete' && does.kind !== 'copy') return
  const { status, body } = await server.request({ bucket, key: does.key })
  const now = status === 404 ? undefined : Buffer.from(body)
  const before = there.get(does.key)
  const after = does.kind === 'put' ? does.body : does.kind === 'copy' ? there.get(does.from) : undefined
  const is = (other: Buffer | undefined) =>
    now === undefined || other === undefined ? now === other : now.equals(other)
  expect(is(before) || (!mustNot && is(after))).toBe(true)
  if (now === undefined) there.delete(does.key)
  else there.set(does.key, now)
}

/** Only what is not there, or has a name that none may have, is refused to those who ask as they should. */
function wasRightlyRefused(does: Exclude<Does, { kind: 'odd' }>, status: number): boolean {
  if (does.kind === 'list' || does.kind === 'put') return false
  if (does.kind === 'copy')
    return does.from === does.key ? status === 400 || status === 404 : !there.has(does.from) && status === 404
  return !there.has(does.key) && status === 404
}

/** Holds what a request that was done gave against what must be in the bucket, and keeps what it changed. */
function done(does: Does, { status, headers, body, text }: WireResponse): void {
  switch (does.kind) {
    case 'put':
      there.set(does.key, does.body)
      break
    case 'delete':
      there.delete(does.key)
      break
    case 'copy':
      expect(there.has(does.from)).toBe(true)
      there.set(does.key, there.get(does.from) ?? Buffer.alloc(0))
      break
    case 'get':
      expect([status, there.get(does.key)?.equals(body)]).toEqual([200, true])
      break
    case 'head':
      expect(headers.get('content-length')).toBe(String(there.get(does.key)?.length))
      break
    case 'list': {
      const found = [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) =>
        decodeURIComponent(key.replaceAll('+', ' ')),
      )
      expect(found.sort()).toEqual([...there.keys()].filter((key) => key.startsWith(does.prefix)).sort())
    }
  }
}

/** Sends bytes and reads the answer; `closed` when there is none. Rejects when the store lets us wait. */
function exchange(bytes: Buffer, method: string, damage: Damage | undefined): Promise<WireResponse | 'closed'> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), noDelay: true })
    const chunks: Buffer[] = []
    const read = (state: 'open' | 'closed') => {
      const response = parseResponse(Buffer.concat(chunks), method, state)
      if (response === 'incomplete') return false
      resolve(response)
      socket.destroy()
      return true
    }
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer in 10 s')))
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? undefined : reject(error)))
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      read('open')
    })
    socket.on('close', () => {
      if (!read('closed')) resolve('closed')
    })
    socket.write(bytes)
    if (damage?.ends) socket.end()
  })
}
