import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { equal } from '../../../lib/plan/check.ts'
import { higher, quantity } from '../../../lib/plan/metric.ts'
import { text } from '../../../lib/plan/param.ts'
import { definePlan } from '../../../lib/plan/plan.ts'
import { fileStore } from '../../../lib/record/files.ts'
import { memoryStore } from '../../../lib/record/memory.ts'
import type { StepRecord } from '../../../lib/record/run-record.ts'
import type { RunStore, Store } from '../../../lib/record/store.ts'
import { type RunOptions, type RunResult, runPlan } from '../../../lib/run/run-plan.ts'

/** A plan of three steps and a check that the world can break in places. */
function scene() {
  const world = { calls: [] as string[], broken: false, source: 'source', there: true, version: 'v1', during: () => {} }
  const store = memoryStore()
  const plan = definePlan(
    { name: 'scene', kind: 'functional', title: 'Scene', params: { size: text('720p', 'A size') } },
    (plan, params) => {
      const raw = plan.step({
        name: 'raw',
        output: v.string(),
        run: () => {
          world.calls.push('raw')
          return world.source
        },
        stillThere: () => world.there,
      })
      const made = plan.step({
        name: 'made',
        needs: { raw },
        output: v.pipe(v.string(), v.startsWith(world.version)),
        run: ({ raw }) => {
          world.calls.push('made')
          world.during()
          return `${world.version} ${raw} ${params.size}`
        },
      })
      const last = plan.step({
        name: 'last',
        needs: { made },
        output: v.string(),
        run: ({ made }) => {
          world.calls.push('last')
          if (world.broken) throw new Error('no')
          return made
        },
      })
      plan.check({ name: 'check', needs: { last }, run: ({ last }) => [equal('last', last.length > 0, true)] })
    },
  )
  const run = async (options: Pick<RunOptions, 'resume' | 'params' | 'signal' | 'code'> = {}) => {
    world.calls.length = 0
    const result = await runPlan(plan, { store, env: {}, ...options })
    return { result, calls: [...world.calls], why: reasons(result), run: result.kind === 'busy' ? '' : result.run }
  }
  return { world, run, store }
}

function reasons(result: RunResult): Record<string, string | undefined> {
  const steps: readonly StepRecord[] = result.kind === 'busy' ? [] : result.record.steps
  return Object.fromEntries(steps.map(({ name, because, ended }) => [name, ended?.because ?? because]))
}

const reused = 'it passed, and its inputs and parameters are unchanged; its code was not checked'

describe('--resume', () => {
  test('runs what had not passed and reuses the rest', async () => {
    const { world, run } = scene()
    world.broken = true
    const first = await run()
    expect(first.result).toMatchObject({ outcome: 'errored' })
    world.broken = false
    const second = await run({ resume: first.run })
    expect(second.calls).toEqual(['last'])
    expect(second.why).toEqual({
      raw: reused,
      made: reused,
      last: 'it had errored',
      check: 'checks are judged again',
    })
    expect(second.result).toMatchObject({ outcome: 'passed', run: first.run })
  })

  test('goes on from any earlier sitting, also when the last one got nowhere', async () => {
    const { world, run } = scene()
    world.broken = true
    const first = await run()
    world.broken = false
    const nowhere = await run({ resume: first.run, signal: AbortSignal.abort(new Error('interrupted')) })
    expect([nowhere.calls, nowhere.result.kind === 'ended' && nowhere.result.outcome]).toEqual([[], 'aborted'])
    const { calls, why } = await run({ resume: first.run })
    expect([calls, why.last]).toEqual([['last'], 'it was skipped'])
  })

  test('after success says there is nothing to do', async () => {
    const { run } = scene()
    const first = await run()
    const second = await run({ resume: first.run })
    expect(second.result.kind).toBe('nothing to do')
    expect(second.calls).toEqual([])
  })

  test('hands back the record that its journal tells', async () => {
    const { world, run } = scene()
    world.broken = true
    const first = await run()
    world.broken = false
    const second = await run({ resume: first.run })
    expect(second.result).toMatchObject({ record: { resumed: 1, steps: [{ passed: { step: 'raw' } }, {}, {}, {}] } })
    const began = first.result.kind === 'ended' && first.result.record.startedAt
    expect(second.result.kind === 'ended' && second.result.record.startedAt).toBe(began)
  })

  test('with another parameter runs everything again and names it', async () => {
    const { run } = scene()
    const first = await run()
    const second = await run({ resume: first.run, params: { size: '480p' } })
    expect(second.calls).toEqual(['raw', 'made', 'last'])
    expect(second.why.raw).toBe('the parameters changed: size')
  })

  test('keeps the parameters of the run it goes on with', async () => {
    const { world, run } = scene()
    world.broken = true
    const first = await run({ params: { size: '480p' } })
    world.broken = false
    const second = await run({ resume: first.run })
    expect(second.calls).toEqual(['last'])
    expect(second.result.kind === 'ended' && second.result.record.steps[2]?.ended?.output).toBe('v1 source 480p')
  })

  test('runs a step again whose proof fails, and those after it only when its output changed', async () => {
    const { world, run } = scene()
    world.broken = true
    const first = await run()
    Object.assign(world, { broken: false, there: false })
    const same = await run({ resume: first.run })
    expect(same.calls).toEqual(['raw', 'last'])
    expect(same.why.raw).toBe('what it left is no longer there')

    Object.assign(world, { broken: true })
    const again = await run()
    Object.assign(world, { broken: false, source: 'other' })
    const changed = await run({ resume: again.run })
    expect(changed.calls).toEqual(['raw', 'made', 'last'])
    expect(changed.why.made).toBe('its inputs changed: raw')
  })

  test('runs a step again whose schema no longer takes its output', async () => {
    const { world, run } = scene()
    world.broken = true
    const first = await run()
    Object.assign(world, { broken: false, version: 'v2' })
    const second = await run({ resume: first.run })
    expect(second.calls).toEqual(['made', 'last'])
    expect(second.why.made).toBe('its output no longer fits its schema')
  })

  test('reuses the measures of an earlier sitting with their samples', async () => {
    const store = memoryStore()
    const world = { broken: true, samples: 0 }
    const plan = definePlan({ name: 'measured', kind: 'performance', title: 'Measured' }, (plan) => {
      const rate = plan.measure({
        name: 'rate',
        metrics: { rate: higher('1/s') },
        samples: 5,
        warmup: 1,
        run: () => ({ rate: quantity(++world.samples, '1/s') }),
      })
      plan.check({ name: 'check', needs: { rate }, run: ({ rate }) => [equal('n', rate.rate.length, 5)] })
      plan.step({
        name: 'last',
        output: v.null(),
        run: () => {
          if (world.broken) throw new Error('no')
          return null
        },
      })
    })
    const first = await runPlan(plan, { store, env: {} })
    world.broken = false
    const second = await runPlan(plan, { store, env: {}, resume: first.kind === 'busy' ? '' : first.run })
    expect(second).toMatchObject({ kind: 'ended', outcome: 'passed' })
    expect(world.samples).toBe(6)
  })

  test('refuses a journal that is of another run, into whose folder it would write', async () => {
    const { world, run, store } = scene()
    world.broken = true
    const first = await run()
    const journal = (store.read('scene', first.run) ?? '').replaceAll(first.run, '../../elsewhere')
    store.create('scene', 'copied').append(journal)
    expect(run({ resume: 'copied' })).rejects.toThrow(
      "Cannot resume as 'run' must be the one of its journal, scene/../../elsewhere: current value is scene/copied",
    )
  })

  test('refuses a run that is not there', async () => {
    const { run } = scene()
    expect(run({ resume: '20261121-000000-none' })).rejects.toThrow(
      /^Cannot resume as 'run' must be one with a journal/,
    )
  })
})

describe('the code that made it', () => {
  const code = { assay: '0.1.0', 'plans/scene.ts': 'one', 'tasks/a.ts': 'one' }
  const broken = async (code?: Record<string, string>) => {
    const at = scene()
    at.world.broken = true
    const first = await at.run(code && { code })
    at.world.broken = false
    return { ...at, resume: first.run }
  }

  test('is proof when it is as it was', async () => {
    const { run, resume } = await broken(code)
    const { calls, why } = await run({ resume, code })
    expect(calls).toEqual(['last'])
    expect(why.made).toBe('it passed, and its inputs, parameters and code are unchanged')
  })

  test.each<[string, Record<string, string>, string]>([
    ['a changed file', { ...code, 'tasks/a.ts': 'two' }, 'tasks/a.ts'],
    ['a file more', { ...code, 'tasks/b.ts': 'one' }, 'tasks/b.ts'],
    ['another Assay', { ...code, assay: '0.2.0' }, 'assay'],
    ['many files', { ...code, ...Object.fromEntries([...'abcdef'].map((name) => [name, ''])) }, 'a, b, c and 3 more'],
  ])('has every step run again for %s, which is named', async (_, now, named) => {
    const { run, resume } = await broken(code)
    const { calls, why, result } = await run({ resume, code: now })
    expect(calls).toEqual(['raw', 'made', 'last'])
    expect([why.raw, why.made]).toEqual([`its code changed: ${named}`, `its code changed: ${named}`])
    expect(result.kind === 'ended' && result.record.announcements).toEqual([
      `changed since it ran before: its code (${named})`,
    ])
  })

  test('is that of the sitting which made the output, whichever came between', async () => {
    const { world, run, resume } = await broken(code)
    world.broken = true
    const other = { ...code, 'tasks/a.ts': 'two' }
    const stopped = AbortSignal.abort(new Error('interrupted'))
    expect((await run({ resume, code: other, signal: stopped })).calls).toEqual([])
    expect((await run({ resume, code })).calls).toEqual(['last'])
    expect((await run({ resume, code: other })).calls).toEqual(['raw', 'made', 'last'])
    expect((await run({ resume, code })).calls).toEqual(['raw', 'made', 'last'])
  })

  test('of an end that stood before the step was begun again proves nothing', async () => {
    const { world, run, resume } = await broken(code)
    const other = { ...code, 'tasks/a.ts': 'two' }
    // With other code it begins to do everything again, and is cut off in the middle of `made`.
    const stop = new AbortController()
    world.during = () => {
      stop.abort(new Error('interrupted'))
      throw new Error('cut off')
    }
    expect((await run({ resume, code: other, signal: stop.signal })).calls).toEqual(['raw', 'made'])
    world.during = () => {}
    // The old code is back; what `raw` and `made` left in the world is not.
    const { calls, why } = await run({ resume, code })
    expect(calls).toEqual(['raw', 'made', 'last'])
    expect([why.raw, why.made]).toEqual(['its code changed: tasks/a.ts', 'it was aborted'])
  })

  test('of an end that is void is so on the disk before the step begins again', async () => {
    const memory = memoryStore()
    let unsynced = ''
    const noted = (files: RunStore): RunStore => ({
      ...files,
      append(lines) {
        unsynced += lines
        files.append(lines)
      },
      async sync() {
        unsynced = ''
        await files.sync()
      },
    })
    const store: Store = {
      ...memory,
      create: (plan, run) => noted(memory.create(plan, run)),
      open: (plan, run) => noted(memory.open(plan, run)),
    }
    const left: string[] = []
    const plan = definePlan({ name: 'void', kind: 'smoke', title: 'Void' }, (plan) => {
      const run = () => {
        left.push(unsynced)
        return null
      }
      plan.step({ name: 'one', output: v.null(), run })
    })
    const first = await runPlan(plan, { store, env: {}, code })
    const resume = first.kind === 'busy' ? '' : first.run
    await runPlan(plan, { store, env: {}, code: { ...code, 'tasks/a.ts': 'two' }, resume })
    expect(left.map((lines) => lines.includes('step-started'))).toEqual([true, false])
  })

  test('counts as another where an older journal does not tell it', async () => {
    const { run, resume } = await broken()
    const { calls, why, result } = await run({ resume, code })
    expect(calls).toEqual(['raw', 'made', 'last'])
    expect(why.raw).toBe('which code made it was not recorded')
    expect(result.kind === 'ended' && result.record.announcements).toEqual([
      'changed since it ran before: perhaps its code, which was not recorded',
    ])
  })

  test('is not asked for by a program that does not tell it', async () => {
    const { run, resume } = await broken(code)
    const { calls, why } = await run({ resume })
    expect(calls).toEqual(['last'])
    expect(why.made).toBe(reused)
  })

  test('has a run go on that had passed, and says what changed', async () => {
    const { run } = scene()
    const first = await run({ code })
    expect((await run({ resume: first.run, code })).result.kind).toBe('nothing to do')
    const now = { ...code, 'tasks/a.ts': 'two' }
    const second = await run({ resume: first.run, code: now, params: { size: '480p' } })
    expect(second.calls).toEqual(['raw', 'made', 'last'])
    expect(second.result).toMatchObject({
      outcome: 'passed',
      record: { announcements: ['changed since it ran before: its code (tasks/a.ts) and its parameters (size)'] },
    })
    expect((await run({ resume: first.run, code: now })).result.kind).toBe('nothing to do')
  })

  test('is not that of the programs which a step runs, and that is said', async () => {
    const store = memoryStore()
    const world = { broken: true }
    const plan = definePlan({ name: 'programs', kind: 'smoke', title: 'Programs' }, (plan) => {
      const shell = plan.step({
        name: 'shell',
        output: v.string(),
        run: async (_, { $ }) => (await $`echo ${'a'}`).stdout,
      })
      plan.step({
        name: 'stage',
        needs: { shell },
        output: v.null(),
        run: (_, { foreign }) => {
          foreign('python -m stage1')
          foreign('python -m stage1')
          return null
        },
      })
      plan.step({ name: 'alone', output: v.null(), run: () => null })
      plan.step({
        name: 'last',
        output: v.null(),
        run: () => {
          if (world.broken) throw new Error('no')
          return null
        },
      })
    })
    const env = { PATH: process.env.PATH }
    const first = await runPlan(plan, { store, env, code })
    const resume = first.kind === 'busy' ? '' : first.run
    const same = 'it passed, and its inputs, parameters and code are unchanged'
    const expected = {
      shell: `${same}; the programs it ran were not checked: shell commands`,
      stage: `${same}; the programs it ran were not checked: python -m stage1`,
      alone: same,
    }
    expect(reasons(await runPlan(plan, { store, env, code, resume }))).toMatchObject(expected)
    world.broken = false
    // It is carried on by what was reused itself.
    expect(reasons(await runPlan(plan, { store, env, code, resume }))).toMatchObject(expected)
  })
})

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
