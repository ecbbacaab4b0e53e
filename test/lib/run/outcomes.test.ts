import { describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { equal, undecided } from '../../../lib/plan/check.ts'
import { atLeast, higher, quantity } from '../../../lib/plan/metric.ts'
import { Failure, Problem } from '../../../lib/plan/problem.ts'
import { rigFor } from '../../rig.ts'

describe('outcomes', () => {
  test('a Failure is failed, anything else errored, and only the latter may carry a stack', async () => {
    const rig = rigFor((plan) => {
      for (const name of ['failure', 'problem', 'bug']) plan.held(name)
    })
    const running = rig.run()
    ;(await rig.started('failure')).fail(new Failure('Three images were lost'))
    ;(await rig.started('problem')).fail(new Problem('There is no such folder'))
    ;(await rig.started('bug')).fail(new TypeError('x is undefined'))
    const result = await running
    expect(rig.outcomes(result)).toEqual({ failure: 'failed', problem: 'errored', bug: 'errored' })
    expect(rig.steps(result).map(({ ended }) => [ended?.reason, ended?.stack !== undefined])).toEqual([
      ['Three images were lost', false],
      ['There is no such folder', false],
      ['x is undefined', true],
    ])
    expect(result).toMatchObject({ outcome: 'failed', exit: 1 })
  })

  test('dependants of a step that did not pass are skipped with its name, others go on', async () => {
    const rig = rigFor((plan) => {
      const broken = plan.held('broken')
      const next = plan.held('next', { needs: { broken } })
      plan.held('last', { needs: { next } })
      plan.held('other')
    })
    const running = rig.run()
    ;(await rig.started('broken')).fail(new Error('no'))
    ;(await rig.started('other')).finish()
    const result = await running
    expect(rig.steps(result).map(({ name, ended }) => `${name}: ${ended?.outcome} ${ended?.reason ?? ''}`)).toEqual([
      'broken: errored no',
      'next: skipped because broken errored',
      'last: skipped because next was skipped',
      'other: passed ',
    ])
    expect(result).toMatchObject({ outcome: 'errored', exit: 2 })
  })

  test.each([
    ['an output that does not fit its schema', v.number(), 'three', 'errored'],
    ['NaN, which JSON cannot hold', v.number(), Number.NaN, 'errored'],
    ['no output', v.string(), undefined, 'errored'],
    ['an output that fits', v.string(), 'three', 'passed'],
  ])('%s', async (_, output, value, outcome) => {
    const rig = rigFor((plan) => {
      // The value's type is wrong on purpose, as it can be in a plan that was never type-checked.
      const run: () => never = () => value as never
      plan.step({ name: 'step', output, run })
    })
    expect(rig.outcomes(await rig.run())).toEqual({ step: outcome })
  })

  test('what is handed on has been through JSON and the schema', async () => {
    const seen: unknown[] = []
    const rig = rigFor((plan) => {
      const date = plan.step({
        name: 'date',
        output: v.pipe(
          v.string(),
          v.transform((text) => new Date(text)),
        ),
        run: () => '2026-11-21',
      })
      const object = plan.step({
        name: 'object',
        output: v.object({ kept: v.number() }),
        run: () => ({ kept: 1, dropped: () => 1 }),
      })
      plan.step({
        name: 'look',
        needs: { date, object },
        output: v.null(),
        run: ({ date, object }) => {
          seen.push(date.getUTCFullYear(), object)
          return null
        },
      })
    })
    await rig.run()
    expect(seen).toEqual([2026, { kept: 1 }])
  })

  test('a check fails by one finding, and errs when it finds nothing at all', async () => {
    const rig = rigFor((plan) => {
      plan.check({ name: 'right', run: () => [equal('a', 1, 1)] })
      plan.check({ name: 'wrong', run: () => [equal('a', 1, 1), equal('b', Number('1'), 2)] })
      plan.check({ name: 'empty', run: () => [] })
    })
    const result = await rig.run()
    expect(rig.outcomes(result)).toEqual({ right: 'passed', wrong: 'failed', empty: 'errored' })
    expect(rig.steps(result)[1]?.ended?.reason).toBe('b: expected 2, found 1')
  })

  test.each([
    [false, 'passed', 0],
    [true, 'failed', 1],
  ])('an undecided finding under strict=%p makes the run %s', async (strict, outcome, exit) => {
    const rig = rigFor((plan) => {
      plan.check({ name: 'unsure', run: () => [undecided('order', 'the clock is too coarse')] })
    })
    expect(await rig.run({ strict })).toMatchObject({ outcome, exit })
  })

  test('a measure records its samples without the warm-up, and a bound judges them', async () => {
    let next = 0
    const rig = rigFor((plan) => {
      plan.measure({
        name: 'rate',
        metrics: { rate: higher('img/s', atLeast(2, 'img/s')) },
        samples: 3,
        warmup: 2,
        run: () => ({ rate: quantity(100 + next++, 'img/s') }),
      })
      plan.measure({
        name: 'slow',
        metrics: { rate: higher('img/s', atLeast(99, 'img/s')) },
        run: () => ({ rate: quantity(1, 'img/s') }),
      })
    })
    const [rate, slow] = rig.steps(await rig.run())
    expect(rate?.ended).toMatchObject({
      outcome: 'passed',
      metrics: [{ name: 'rate', unit: 'img/s', samples: [102, 103, 104], low: 2, verdict: 'pass' }],
    })
    expect(slow?.ended).toMatchObject({ outcome: 'failed', metrics: [{ verdict: 'fail' }] })
  })

  test('a reason to skip that cannot be told makes the step errored, and its function is not called', async () => {
    const rig = rigFor((plan) => {
      plan.held('unsure', {
        skipUnless: () => {
          throw new Problem('The driver does not answer')
        },
      })
    })
    expect(rig.steps(await rig.run())[0]?.ended).toMatchObject({
      outcome: 'errored',
      reason: 'The driver does not answer',
      attempts: 0,
    })
    expect(rig.events.map(({ event }) => event)).not.toContain('step-started')
  })

  test('everything skipped is no success unless it was allowed', async () => {
    const rig = rigFor((plan) => {
      plan.held('gpu', { skipUnless: () => 'no GPU here' })
    })
    const result = await rig.run()
    expect(result).toMatchObject({ outcome: 'skipped', exit: 2 })
    expect(rig.steps(result)[0]?.ended?.reason).toBe('no GPU here')
    expect(await rig.run({ allowSkip: true })).toMatchObject({ outcome: 'skipped', exit: 0 })
  })
})
