import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { drawSamples } from '../../tasks/images/samples.ts'
import { connect } from '../../tasks/object-store/connect.ts'
import { endpointVariables } from '../../tasks/object-store/endpoint.ts'
import { type RunningServer, startRustfs, startVersitygw, type Unavailable } from '../servers.ts'

const root = join(import.meta.dir, '../..')
const scratch = mkdtempSync(join(tmpdir(), 'assay-plans-'))
const images = join(scratch, 'images')
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

beforeAll(async () => {
  for (const { path, bytes } of await drawSamples())
    if (bytes.length < 200_000) await Bun.write(join(images, path), bytes)
})

interface Ran {
  readonly exit: number
  readonly out: string
  readonly files: readonly string[]
}

/** The plan as a person runs it, its runs in a folder of their own. */
async function run(plan: string, env: Record<string, string>, ...flags: string[]): Promise<Ran> {
  const dir = mkdtempSync(join(scratch, 'dir-'))
  mkdirSync(join(dir, 'plans'))
  for (const name of ['lib', 'tasks', 'node_modules', 'package.json']) symlink(join(root, name), join(dir, name))
  cpSync(join(root, 'plans', `${plan}.ts`), join(dir, 'plans', `${plan}.ts`))
  const { S3_ENDPOINT: _, ...inherited } = process.env
  const child = Bun.spawn([process.execPath, join(root, 'lib/cli/main.ts'), 'plan', plan, '--dir', dir, ...flags], {
    cwd: dir,
    env: { ...inherited, ...env },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err, exit] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  const runs = join(dir, 'runs', plan)
  const [id = ''] = readdirSync(runs).filter((name) => !name.startsWith('.'))
  return { exit, out: out + err, files: readdirSync(join(runs, id)).sort() }
}

function symlink(from: string, to: string): void {
  Bun.spawnSync(['ln', '-s', from, to])
}

/** PATH with Bun and the shell's tools, and no rustfs. */
const plainPath = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin` }

describe('from a clean clone, with nothing set', () => {
  test.each([
    ['functional-1', 5, 19],
    ['functional-2', 5, 12],
  ])(
    '%s passes and leaves its files',
    async (plan, steps, checks) => {
      const { exit, out, files } = await run(plan, plainPath)
      expect(out).toContain(`passed · ${steps} steps, ${checks} checks · `)
      expect(out).toMatch(new RegExp(`again: .* plan ${plan} `))
      expect(exit).toBe(0)
      expect(files).toEqual(expect.arrayContaining(['journal.jsonl', 'junit.xml', 'results.csv']))
      expect(files).not.toContain('services')
    },
    120_000,
  )
})

for (const [name, start] of [
  ['RustFS', startRustfs],
  ['versitygw', startVersitygw],
] as const) {
  const server: RunningServer | Unavailable = await start()
  const there = !('unavailable' in server)
  if (!there) console.warn(`skipped: the plans against ${name}: ${server.unavailable}`)
  describe(`against ${name}`, () => {
    afterAll(async () => {
      if (there) await server.stop()
    })
    test.skipIf(!there).each(['functional-1', 'functional-2'])(
      '%s passes',
      async (plan) => {
        if (!there) return
        const { exit, out } = await run(plan, endpointVariables(server.endpoint), '--set', `images=${images}`)
        expect(out).toContain('passed · ')
        expect(exit).toBe(0)
        // Of somebody's buckets nothing is left behind: what was written is gone, manifests and marks included.
        const s3 = connect(server.endpoint)
        for (const bucket of ['raw', 'augmented', 'normalized', 'manifests'])
          expect(await s3.list(bucket, '')).toEqual([])
      },
      120_000,
    )
  })
}
