import { describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { equal, undecided } from '../../../lib/plan/check.ts'
import { atLeast, higher, quantity } from '../../../lib/plan/metric.ts'
import { Failure, Problem } from '../../../lib/plan/problem.ts'
import { memoryStore } from '../../../lib/record/memory.ts'
import type { Store } from '../../../lib/record/store.ts'
import { Interrupted } from '../../../lib/run/summing.ts'
import { rigFor } from '../../rig.ts'

describe('scheduling', () => {
  test('a step starts as soon as its own needs are met, whatever else still runs', async () => {
    const rig = rigFor((plan) => {
      const quick = plan.held('quick')
      plan.held('slow')
      plan.held('after quick', { needs: { quick } })
    })
    const result = rig.run()
    ;(await rig.started('quick')).finish()
    const after = await rig.started('after quick')
    expect(rig.open()).toEqual(['slow', 'after quick'])
    after.finish()
    ;(await rig.started('slow')).finish()
    expect((await result).kind).toBe('ended')
  })

  test('a step waits for every one of its needs, arrays included', async () => {
    const rig = rigFor((plan) => {
      const parts = [plan.held('a'), plan.held('b')]
      plan.held('both', { needs: { parts } })
    })
    const result = rig.run()
    ;(await rig.started('a')).finish()
    await rig.idle()
    expect(rig.open()).toEqual(['b'])
    ;(await rig.started('b')).finish()
    ;(await rig.started('both')).finish()
    await result
  })

  test('at most `jobs` run at once', async () => {
    const rig = rigFor((plan) => {
      for (const name of ['a', 'b', 'c']) plan.held(name)
    })
    const result = rig.run({ jobs: 2 })
    await rig.idle()
    expect(rig.open()).toEqual(['a', 'b'])
    ;(await rig.started('a')).finish()
    await rig.started('c')
    expect(rig.open()).toEqual(['b', 'c'])
    for (const name of ['b', 'c']) (await rig.started(name)).finish()
    await result
  })

  test('an exclusive step runs alone, and those after it wait', async () => {
    const rig = rigFor((plan) => {
      plan.held('before')
      plan.held('alone', { exclusive: 'alone' })
      plan.held('after')
    })
    const result = rig.run()
    await rig.idle()
    expect(rig.open()).toEqual(['before'])
    ;(await rig.started('before')).finish()
    const alone = await rig.started('alone')
    await rig.idle()
    expect(rig.open()).toEqual(['alone'])
    alone.finish()
    ;(await rig.started('after')).finish()
    await result
  })

  test('no more of a slot is taken than there is, and others pass by', async () => {
    const rig = rigFor(
      (plan) => {
        plan.held('one', { slots: { gpu: 1 } })
        plan.held('two', { slots: { gpu: 2 } })
        plan.held('none')
      },
      { slots: { gpu: 2 } },
    )
    const result = rig.run()
    await rig.idle()
    expect(rig.open()).toEqual(['one', 'none'])
    ;(await rig.started('one')).finish()
    ;(await rig.started('two')).finish()
    ;(await rig.started('none')).finish()
    await result
  })

  test('who waits for a slot is not overtaken by those who come later', async () => {
    const rig = rigFor(
      (plan) => {
        const first = plan.held('first', { slots: { gpu: 1 } })
        plan.held('both', { slots: { gpu: 2 } })
        const free = plan.held('free')
        plan.held('late', { needs: { free }, slots: { gpu: 1 } })
        plan.held('last', { needs: { first } })
      },
      { slots: { gpu: 2 } },
    )
    const result = rig.run()
    ;(await rig.started('free')).finish()
    await rig.idle()
    expect(rig.open()).toEqual(['first'])
    ;(await rig.started('first')).finish()
    await rig.idle()
    expect(rig.open()).toEqual(['both', 'last'])
    ;(await rig.started('both')).finish()
    ;(await rig.started('late')).finish()
    ;(await rig.started('last')).finish()
    await result
  })

  test('a step waits until what it builds on is safe on disk, an independent one does not', async () => {
    const store = memoryStore()
    const syncs: (() => void)[] = []
    let holding = false
    const slow: Store = {
      ...store,
      create: (plan, run) => ({
        ...store.create(plan, run),
        sync: () => (holding ? new Promise((resolve) => void syncs.push(resolve)) : Promise.resolve()),
      }),
    }
    const rig = rigFor(
      (plan) => {
        const first = plan.held('first')
        plan.held('next', { needs: { first } })
        plan.held('other')
      },
      {},
      slow,
    )
    const result = rig.run({ jobs: 1 })
    const first = await rig.started('first')
    holding = true
    first.finish()
    await rig.started('other')
    await rig.idle()
    expect(rig.open()).toEqual(['other'])
    ;(await rig.started('other')).finish()
    await rig.idle()
    expect(rig.open()).toEqual([])
    holding = false
    for (const sync of syncs) sync()
    ;(await rig.started('next')).finish()
    await result
  })
})

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

describe('time', () => {
  test('a step that outlives its timeout is failed, told to stop, and not waited for beyond the grace', async () => {
    const rig = rigFor((plan) => {
      plan.held('slow', { timeout: '2 s' })
    })
    const running = rig.run()
    const slow = await rig.started('slow')
    rig.clock.tick(1999)
    expect(slow.signal.aborted).toBe(false)
    rig.clock.tick(1)
    expect(slow.signal.aborted).toBe(true)
    rig.clock.tick(4000)
    const result = await running
    expect(rig.steps(result)[0]?.ended).toMatchObject({
      outcome: 'failed',
      reason: 'took longer than its timeout of 2 s; it did not stop when it was told to',
    })
  })

  test('a retry waits for its backoff, twice as long each time, and the record says why it ran again', async () => {
    const rig = rigFor((plan) => {
      plan.held('flaky', { retry: { times: 2, backoff: '1 s' } })
    })
    const running = rig.run()
    ;(await rig.started('flaky')).fail(new Failure('first'))
    await rig.idle()
    expect(rig.open()).toEqual([])
    rig.clock.tick(1000)
    ;(await rig.started('flaky', 2)).fail(new Failure('second'))
    await rig.idle()
    rig.clock.tick(1999)
    await rig.idle()
    expect(rig.open()).toEqual([])
    rig.clock.tick(1)
    ;(await rig.started('flaky', 3)).finish()
    const result = await running
    expect(rig.steps(result)[0]).toMatchObject({
      because: 'attempt 2 did not pass: second',
      ended: { outcome: 'passed', attempts: 3 },
    })
  })

  test('a failure that `when` does not accept is not retried', async () => {
    const rig = rigFor((plan) => {
      plan.held('flaky', { retry: { times: 5, when: (error) => error instanceof TypeError } })
    })
    const running = rig.run()
    ;(await rig.started('flaky')).fail(new Failure('for good'))
    expect(rig.steps(await running)[0]?.ended).toMatchObject({ outcome: 'failed', attempts: 1 })
  })

  test('the plan’s own timeout ends the run', async () => {
    const rig = rigFor((plan) => void plan.held('slow'), { timeout: '1 min' })
    const running = rig.run()
    const slow = await rig.started('slow')
    rig.clock.tick(60_000)
    slow.finish()
    expect(await running).toMatchObject({ outcome: 'aborted', exit: 2 })
  })
})

describe('interruption', () => {
  test('running steps are aborted, the rest is skipped, the exit code is the signal’s', async () => {
    const rig = rigFor((plan) => {
      const first = plan.held('first')
      plan.held('second', { needs: { first } })
    })
    const controller = new AbortController()
    const running = rig.run({ signal: controller.signal })
    const first = await rig.started('first')
    controller.abort(new Interrupted('the run was interrupted (SIGINT)', 130))
    expect(first.signal.aborted).toBe(true)
    first.fail(first.signal.reason)
    const result = await running
    expect(rig.outcomes(result)).toEqual({ first: 'aborted', second: 'skipped' })
    expect(result).toMatchObject({ outcome: 'aborted', exit: 130 })
  })

  test('a step that returns once it was told to stop has not passed: what it waited for may have stopped halfway', async () => {
    const rig = rigFor((plan) => void plan.held('first'))
    const controller = new AbortController()
    const running = rig.run({ signal: controller.signal })
    const first = await rig.started('first')
    controller.abort(new Interrupted('the run was interrupted (SIGTERM)', 143))
    first.finish()
    expect(rig.outcomes(await running)).toEqual({ first: 'aborted' })
  })
})
