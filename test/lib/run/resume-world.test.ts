import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { definePlan } from '../../../lib/plan/plan.ts'
import { fileStore } from '../../../lib/record/files.ts'
import { memoryStore } from '../../../lib/record/memory.ts'
import { runPlan } from '../../../lib/run/run-plan.ts'
import { reasons } from './scene.ts'

describe('services of a resumed run', () => {
  /** A plan whose store the first two steps use, and what became of the store. */
  function stored(proof: 'asked for' | 'not asked for') {
    const world = { started: 0, broken: true }
    const store = memoryStore()
    const plan = definePlan({ name: 'stored', kind: 'smoke', title: 'Stored' }, (plan) => {
      const bucket = plan.use({
        name: 'bucket',
        start: async () => {
          world.started++
          return { client: 'bucket', detail: 'here', ready: async () => {}, stop: async () => {} }
        },
      })
      const put = plan.step({
        name: 'put',
        needs: { bucket },
        output: v.null(),
        run: () => null,
        ...(proof === 'asked for' && { stillThere: () => true }),
      })
      plan.step({
        name: 'count',
        needs: { put },
        output: v.null(),
        run: () => {
          if (world.broken) throw new Error('no')
          return null
        },
      })
    })
    const run = (resume?: string) => runPlan(plan, { store, env: {}, ...(resume !== undefined && { resume }) })
    return { world, run, store }
  }

  test.each([
    ['do not start for steps that are reused', 'not asked for', 1],
    ['start for the proof that what a reused step left is still there', 'asked for', 2],
  ] as const)('%s', async (_, proof, starts) => {
    const { world, run } = stored(proof)
    const first = await run()
    world.broken = false
    expect(await run(first.kind === 'busy' ? '' : first.run)).toMatchObject({ outcome: 'passed' })
    expect(world.started).toBe(starts)
  })
})

describe('a file that an output names', () => {
  const root = mkdtempSync(join(tmpdir(), 'assay-gone-'))
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  const world = { made: 0, broken: true, outside: join(root, 'outside.txt') }
  const plan = definePlan({ name: 'files', kind: 'smoke', title: 'Files' }, (plan) => {
    const pack = plan.step({
      name: 'pack',
      output: v.object({ archives: v.array(v.object({ path: v.string() })), outside: v.string() }),
      run: (_, { folder }) => {
        world.made++
        const path = join(folder, 'word.tgz')
        writeFileSync(path, 'packed')
        return { archives: [{ path }], outside: world.outside }
      },
    })
    plan.step({
      name: 'unpack',
      needs: { pack },
      output: v.string(),
      run: ({ pack }) => {
        if (world.broken) throw new Error('no')
        return readFileSync(pack.archives[0]?.path ?? '', 'utf8')
      },
    })
  })
  const archive = (path: string) => join(path, 'steps/00-pack/word.tgz')

  test.each<[string, (path: string, runs: string) => string, boolean]>([
    ['and is there is reused', (_, runs) => runs, false],
    [
      'and is gone is made again',
      (path, runs) => {
        rmSync(archive(path))
        return runs
      },
      true,
    ],
    [
      'where the run lay before is made again',
      (_, runs) => {
        renameSync(runs, `${runs}-moved`)
        return `${runs}-moved`
      },
      true,
    ],
  ])('%s', async (name, harm, again) => {
    const runs = join(root, name.replaceAll(' ', '-'))
    Object.assign(world, { made: 0, broken: true })
    const first = await runPlan(plan, { store: fileStore(runs), env: {} })
    if (first.kind !== 'ended') throw new Error(first.kind)
    world.broken = false
    const store = fileStore(harm(first.path, runs))
    const second = await runPlan(plan, { store, env: {}, resume: first.run })
    expect(second).toMatchObject({ kind: 'ended', outcome: 'passed' })
    expect(world.made).toBe(again ? 2 : 1)
    if (again) expect(reasons(second).pack).toBe(`${archive(first.path)} in its output is gone`)
  })
})

describe('the lock', () => {
  test('keeps a second run of the plan out, and says who is in', async () => {
    const store = memoryStore()
    const lock = store.lock('locked', { run: 'first', pid: 7, host: 'here', since: '2026-11-21T07:16:02.000Z' })
    const plan = definePlan({ name: 'locked', kind: 'smoke', title: 'Locked' }, (plan) => {
      plan.step({ name: 'step', output: v.null(), run: () => null })
    })
    expect(await runPlan(plan, { store, env: {} })).toMatchObject({ kind: 'busy', holder: { run: 'first', pid: 7 } })
    if (lock.kind === 'held') lock.release()
    expect(await runPlan(plan, { store, env: {} })).toMatchObject({ kind: 'ended', outcome: 'passed' })
  })
})
