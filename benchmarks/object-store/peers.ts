import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { $ } from 'bun'
import * as v from 'valibot'
import { type Child, startChild } from '../../tasks/object-store/child.ts'
import type { Endpoint } from '../../tasks/object-store/client.ts'

/** A server under load. */
export interface Peer {
  readonly name: string
  readonly endpoint: Endpoint
  readonly pid: number
  stop(): Promise<void>
}

const root = join(import.meta.dir, '..', '..')
const objectStore = join(root, 'tasks', 'object-store')
const region = 'us-east-1'
const keys = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }
const Served = v.object({ endpoint: v.string(), accessKeyId: v.string(), secretAccessKey: v.string() })

export async function embedded(): Promise<Peer> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-bench-'))
  const child = startChild({
    name: 'the embedded store',
    command: [process.execPath, join(objectStore, 'server', 'main.ts')],
    env: { ...process.env, STORE_DIR: folder, STORE_REGION: region },
    log: (line) => console.error(line),
  })
  const { endpoint: url, ...own } = v.parse(Served, JSON.parse(await child.firstLine(20_000)))
  return peer('embedded', child, { url, region, ...own }, folder)
}

/** s3rver 3.7.1, installed on first use; on Node where there is one, as that is what it was made for. */
export async function s3rver(): Promise<Peer> {
  const home = join(root, '.assay', 'bench', 's3rver')
  const program = join(home, 'node_modules', 's3rver', 'bin', 's3rver.js')
  if (!existsSync(program)) {
    await mkdir(home, { recursive: true })
    await Bun.write(join(home, 'package.json'), '{"private":true}')
    await $`bun add --exact s3rver@3.7.1`.cwd(home).quiet()
  }
  return start('s3rver 3.7.1', (port, folder) => [
    ...[Bun.which('node') ?? process.execPath, program, '--silent', '--directory', folder],
    ...['--address', '127.0.0.1', '--port', String(port)],
  ])
}

/** versitygw 1.8.0, from PATH, from what the tests built, or built now; undefined where there is no Go. */
export async function versitygw(): Promise<Peer | undefined> {
  const folder = join(root, '.assay', 'test', 'servers')
  const built = join(folder, 'versitygw')
  if (Bun.which('versitygw') === null && !existsSync(built)) {
    if (Bun.which('go') === null) return undefined
    await $`go install github.com/versity/versitygw/cmd/versitygw@v1.8.0`.env({ ...process.env, GOBIN: folder }).quiet()
  }
  const program = Bun.which('versitygw') ?? built
  return start('versitygw 1.8.0', (port, data) => [
    ...[program, '--port', `127.0.0.1:${port}`, '--access', keys.accessKeyId, '--secret', keys.secretAccessKey],
    ...['--quiet', 'posix', data],
  ])
}

async function start(name: string, command: (port: number, folder: string) => readonly string[]): Promise<Peer> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-bench-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child = startChild({
    name,
    // The guard ends them when we end, however we do.
    command: [process.execPath, join(objectStore, 'guard.ts'), ...command(port, folder)],
    env: process.env,
    log: () => {},
  })
  for (let tries = 0; ; tries++) {
    child.check()
    const answer = await fetch(url).catch(() => undefined)
    if (answer !== undefined) break
    if (tries === 200) throw new Error(`${name} does not answer at ${url}`)
    await Bun.sleep(50)
  }
  return peer(name, child, { url, region, ...keys }, folder)
}

function peer(name: string, child: Child, endpoint: Endpoint, folder: string): Peer {
  return {
    name,
    endpoint,
    pid: child.pid,
    stop: async () => {
      await child.stop(3000)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
