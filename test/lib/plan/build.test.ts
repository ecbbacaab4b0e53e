import { describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { buildGraph } from '../../../lib/plan/build.ts'
import type { Handle } from '../../../lib/plan/handle.ts'
import { lower, noWorseThanBaseline, quantity, timesOf } from '../../../lib/plan/metric.ts'
import { definePlan, type PlanBuilder } from '../../../lib/plan/plan.ts'

const build = (describe: (plan: PlanBuilder) => void) =>
  buildGraph(definePlan({ name: 'mine', kind: 'smoke', title: 'Mine', slots: { gpu: 2 } }, describe), {})

const step = (plan: PlanBuilder, name: string, rules: Readonly<Record<string, unknown>> = {}) =>
  plan.step({ name, output: v.null(), run: () => null, ...rules })

/** As from a plan that is not type-checked. */
const measure = (plan: PlanBuilder, options: Readonly<Record<string, unknown>>): Handle<unknown> =>
  Reflect.apply(plan.measure, undefined, [{ name: 'm', metrics: { time: lower('s') }, run: () => ({}), ...options }])

describe('building a plan', () => {
  test('gives nodes in the order of the plan, their needs as indexes', () => {
    const { nodes } = build((plan) => {
      const a = step(plan, 'a')
      const b = step(plan, 'b')
      plan.check({ name: 'c', needs: { a, both: [a, b] }, run: () => [] })
    })
    expect(nodes.map(({ name, index }) => [index, name])).toEqual([
      [0, 'a'],
      [1, 'b'],
      [2, 'c'],
    ])
    expect(nodes[2]).toMatchObject({ kind: 'check', needs: { a: 0, both: [0, 1] } })
  })

  test('a measure runs alone unless it says otherwise, a step does not', () => {
    const measure = { metrics: {}, run: () => ({}) }
    const { nodes } = build((plan) => {
      plan.measure({ name: 'alone', ...measure })
      plan.measure({ name: 'shared', exclusive: 'shared', ...measure })
      step(plan, 'step')
    })
    expect(nodes.map((node) => node.kind !== 'service' && node.exclusive)).toEqual([true, false, false])
  })

  test('a measure takes samples until it is sure, unless it is told how many', () => {
    const { nodes } = build((plan) => {
      measure(plan, {})
      measure(plan, { name: 'asked', minSamples: 2000, precision: 0.1, budget: '2 min', warmup: 3, seed: 7 })
      measure(plan, { name: 'fixed', samples: 3 })
      measure(plan, { name: 'fixed, in time', samples: 3, budget: '1 s' })
    })
    const rules = nodes.map((node) => node.kind === 'measure' && [node.rule, node.warmup, node.seed])
    expect(rules).toEqual([
      [{ kind: 'until sure', least: 10, most: 1000, precision: 0.02, budget: 30_000 }, 'steady', undefined],
      [{ kind: 'until sure', least: 2000, most: 2000, precision: 0.1, budget: 120_000 }, 3, 7],
      [{ kind: 'fixed', samples: 3, budget: undefined }, 'steady', undefined],
      [{ kind: 'fixed', samples: 3, budget: 1000 }, 'steady', undefined],
    ])
  })

  let stranger: Handle<null> | undefined
  build((plan) => {
    stranger = step(plan, 'theirs')
  })

  test.each<[string, (plan: PlanBuilder) => void, string]>([
    [
      'two steps of one name',
      (plan) => [step(plan, 'a'), step(plan, 'a')],
      "Cannot build plan mine as 'name' must be unlike every other in the plan: current value is a. Rename this step or the step before it.",
    ],
    ['an empty name', (plan) => step(plan, ' '), "Cannot build plan mine as 'name' must be a line of text"],
    ['a name of two lines', (plan) => step(plan, 'a\nb'), "Cannot build plan mine as 'name' must be a line of text"],
    [
      'a handle of another plan',
      (plan) => step(plan, 'a', { needs: { stranger } }),
      "Cannot build plan mine as 'needs.stranger' must be a handle of this plan: current value is theirs. See 'a'.",
    ],
    [
      'more of a slot than there is',
      (plan) => step(plan, 'a', { slots: { gpu: 3 } }),
      "Cannot build plan mine as 'slots.gpu' must be a whole number from 1 to 2: current value is 3",
    ],
    [
      'a timeout without its unit',
      (plan) => step(plan, 'a', { timeout: '30' }),
      "Cannot read a plan as 'timeout' must be like '30 s' (ms, s, min or h): current value is 30",
    ],
    [
      'a metric that is called like the row of every step',
      (plan) =>
        plan.measure({ name: 'm', metrics: { duration: lower('s') }, run: () => ({ duration: quantity(1, 's') }) }),
      "Cannot build plan mine as 'metrics' must be named other than 'duration' and 'retries': current value is duration. See 'm'.",
    ],
    [
      'no samples',
      (plan) => plan.measure({ name: 'm', samples: 0, metrics: {}, run: () => ({}) }),
      "Cannot build plan mine as 'samples' must be a whole number of at least 1: current value is 0. See 'm'.",
    ],
    [
      'more samples at least than at most',
      (plan) => measure(plan, { minSamples: 20, maxSamples: 10 }),
      "Cannot build plan mine as 'maxSamples' must be a whole number of at least 20: current value is 10. See 'm'.",
    ],
    [
      'a precision that cannot be reached',
      (plan) => measure(plan, { precision: 0 }),
      "Cannot build plan mine as 'precision' must be a share above 0: current value is 0. See 'm'.",
    ],
    [
      'a budget of no time',
      (plan) => measure(plan, { budget: '0 s' }),
      "Cannot build plan mine as 'budget' must be more than no time: current value is 0 s. See 'm'.",
    ],
    [
      'a bound in another unit, where nobody compiled the plan',
      (plan) =>
        measure(plan, { metrics: { time: { ...lower('s'), reference: { kind: 'bound', unit: 'ms', high: 1 } } } }),
      "Cannot build plan mine as 'metrics.time' must be held against a bound in s: current value is ms. See 'm'.",
    ],
    [
      'a budget without its unit',
      (plan) => measure(plan, { budget: '30' }),
      "Cannot read a plan as 'budget' must be like '30 s' (ms, s, min or h): current value is 30",
    ],
    [
      'half a round of warm-up',
      (plan) => measure(plan, { warmup: 0.5 }),
      "Cannot build plan mine as 'warmup' must be a whole number of at least 0: current value is 0.5. See 'm'.",
    ],
    [
      'two variants of one name',
      (plan) => measure(plan, { variants: ['a', 'b', 'a'] }),
      "Cannot build plan mine as 'variants' must be words unlike each other, without brackets: current value is a. See 'm'.",
    ],
    [
      'a variant in brackets',
      (plan) => measure(plan, { variants: ['[a]'] }),
      "Cannot build plan mine as 'variants' must be words unlike each other, without brackets: current value is [a]. See 'm'.",
    ],
    [
      'a quantile that is none',
      (plan) => measure(plan, { metrics: { p99: lower('s', undefined, { quantile: 99 }) } }),
      "Cannot build plan mine as 'metrics.p99.quantile' must be between 0 and 1: current value is 99. See 'm'.",
    ],
    [
      'a factor of nothing',
      (plan) => measure(plan, { metrics: { time: lower('s', noWorseThanBaseline(0)) } }),
      "Cannot build plan mine as 'metrics.time' must be held against a factor above 0: current value is 0. See 'm'.",
    ],
    [
      'a derived metric of a name that is taken',
      (plan) => measure(plan, { derived: { time: { ...lower('s'), from: () => 1 } } }),
      "Cannot build plan mine as 'derived' must be named unlike every metric: current value is time. See 'm'.",
    ],
    [
      'a ratio to a metric that there is not',
      (plan) =>
        measure(plan, { variants: ['1', '5'], metrics: { time: lower('s', timesOf('time[2]', { atMost: 2 })) } }),
      "Cannot build plan mine as 'metrics.time' must be so many times one of time[1], time[5]: current value is time[2]. See 'm'.",
    ],
    [
      'a ratio to nothing but itself',
      (plan) => measure(plan, { variants: ['1', '5'], metrics: { time: lower('s', timesOf('time', { atMost: 2 })) } }),
      "Cannot build plan mine as 'metrics.time' must be so many times another metric: current value is time. See 'm'.",
    ],
    [
      'a ratio to a metric of a need that there is not',
      (plan) => {
        const bare = measure(plan, { name: 'one' })
        measure(plan, { needs: { bare }, metrics: { time: lower('s', timesOf('bare.rate', { atMost: 2 })) } })
      },
      "Cannot build plan mine as 'metrics.time' must be so many times one of time, bare.time: current value is bare.rate. See 'm'.",
    ],
    [
      'a ratio to a metric in another unit',
      (plan) => {
        const bare = measure(plan, { name: 'one' })
        measure(plan, { needs: { bare }, metrics: { time: lower('ms', timesOf('bare.time', { atMost: 2 })) } })
      },
      "Cannot build plan mine as 'metrics.time' must be so many times a metric in ms: current value is bare.time in s. See 'm'.",
    ],
  ])('refuses %s', (_, describe, sentence) => {
    expect(() => build(describe)).toThrow(sentence)
  })
})
