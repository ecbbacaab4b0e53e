import { describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { buildGraph } from '../../../lib/plan/build.ts'
import type { Handle } from '../../../lib/plan/handle.ts'
import { lower, quantity } from '../../../lib/plan/metric.ts'
import { definePlan, type PlanBuilder } from '../../../lib/plan/plan.ts'

const build = (describe: (plan: PlanBuilder) => void) =>
  buildGraph(definePlan({ name: 'mine', kind: 'smoke', title: 'Mine', slots: { gpu: 2 } }, describe), {})

const step = (plan: PlanBuilder, name: string, rules: Readonly<Record<string, unknown>> = {}) =>
  plan.step({ name, output: v.null(), run: () => null, ...rules })

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
      "Cannot build plan mine as 'metrics' must be named other than 'duration': current value is duration. See 'm'.",
    ],
    [
      'no samples',
      (plan) => plan.measure({ name: 'm', samples: 0, metrics: {}, run: () => ({}) }),
      "Cannot build plan mine as 'samples' must be a whole number of at least 1: current value is 0. See 'm'.",
    ],
  ])('refuses %s', (_, describe, sentence) => {
    expect(() => build(describe)).toThrow(sentence)
  })
})
