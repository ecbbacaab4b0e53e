import { describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { equal } from '../../../lib/plan/check.ts'
import { text } from '../../../lib/plan/param.ts'
import { definePlan } from '../../../lib/plan/plan.ts'
import { memoryStore } from '../../../lib/record/memory.ts'
import type { StepRecord } from '../../../lib/record/run-record.ts'
import { type RunOptions, type RunResult, runPlan } from '../../../lib/run/run-plan.ts'

/** A plan of three steps and a check that the world can break in places. */
function scene() {
  const world = { calls: [] as string[], broken: false, source: 'source', there: true, version: 'v1' }
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
  const run = async (options: Pick<RunOptions, 'resume' | 'params' | 'signal'> = {}) => {
    world.calls.length = 0
    const result = await runPlan(plan, { store, env: {}, ...options })
    return { result, calls: [...world.calls], why: reasons(result), run: result.kind === 'busy' ? '' : result.run }
  }
  return { world, run }
}

function reasons(result: RunResult): Record<string, string | undefined> {
  const steps: readonly StepRecord[] = result.kind === 'busy' ? [] : result.record.steps
  return Object.fromEntries(steps.map(({ name, because, ended }) => [name, ended?.because ?? because]))
}

const reused = 'it passed, and its inputs and parameters are unchanged'

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
    expect((await run({ resume: first.run })).calls).toEqual(['last'])
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

  test('refuses a run that is not there', async () => {
    const { run } = scene()
    expect(run({ resume: '20261121-000000-none' })).rejects.toThrow(
      /^Cannot resume as 'run' must be one with a journal/,
    )
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
