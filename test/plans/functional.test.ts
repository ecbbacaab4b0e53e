import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drawSamples } from '../../tasks/images/samples.ts'
import { connect } from '../../tasks/object-store/connect.ts'
import { endpointVariables } from '../../tasks/object-store/endpoint.ts'
import { newestRun, removeRepositories } from '../lib/cli/helpers.ts'
import { type RunningServer, startRustfs, startVersitygw, type Unavailable } from '../servers.ts'
import { ownPlan, plainPath } from './own-plans.ts'

const scratch = mkdtempSync(join(tmpdir(), 'assay-plans-'))
const images = join(scratch, 'images')
afterAll(() => rmSync(scratch, { recursive: true, force: true }))
afterAll(removeRepositories)

beforeAll(async () => {
  for (const { path, bytes } of await drawSamples())
    if (bytes.length < 200_000) await Bun.write(join(images, path), bytes)
})

describe('from a clean clone, with nothing set', () => {
  test.each([
    ['functional-1', 5, 19],
    ['functional-2', 5, 12],
  ])(
    '%s passes and leaves its files',
    async (plan, steps, checks) => {
      const repo = ownPlan(plan)
      const { exit, out } = await repo.run(['plan', plan], { env: plainPath })
      expect(out).toContain(`passed · ${steps} steps, ${checks} checks · `)
      expect(out).toMatch(new RegExp(`again: .* plan ${plan}$`, 'm'))
      expect(exit).toBe(0)
      const files = readdirSync(join(repo.dir, await newestRun(repo, plan)))
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
        const env = endpointVariables(server.endpoint)
        const { exit, out } = await ownPlan(plan).run(['plan', plan, '--set', `images=${images}`], { env })
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
