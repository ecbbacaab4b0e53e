import { describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { equal } from '../../../lib/plan/check.ts'
import { higher, quantity } from '../../../lib/plan/metric.ts'
import { definePlan } from '../../../lib/plan/plan.ts'
import { memoryStore } from '../../../lib/record/memory.ts'
import { runPlan } from '../../../lib/run/run-plan.ts'
import { reused, scene } from './scene.ts'

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
