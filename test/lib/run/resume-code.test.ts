import { describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { definePlan } from '../../../lib/plan/plan.ts'
import { memoryStore } from '../../../lib/record/memory.ts'
import type { RunStore, Store } from '../../../lib/record/store.ts'
import { runPlan } from '../../../lib/run/run-plan.ts'
import { reasons, reused, scene } from './scene.ts'

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
