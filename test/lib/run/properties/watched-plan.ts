import type { StepContext } from '../../../../lib/plan/context.ts'
import type { Handle } from '../../../../lib/plan/handle.ts'
import { atMost, lower, quantity } from '../../../../lib/plan/metric.ts'
import { definePlan, type Plan, type PlanBuilder } from '../../../../lib/plan/plan.ts'
import { Failure } from '../../../../lib/plan/problem.ts'
import { holds, type Sitting } from './oracle.ts'
import { fromOf, Output, outputOf, sumOf } from './output.ts'
import { capacity, type NodeShape, type Shape } from './shape.ts'
import type { VirtualClock } from './virtual-clock.ts'
import { nameOf, type Watch } from './watch.ts'

/** The shape as a plan whose functions tell `watch` what they do. */
export function watchedPlan(shape: Shape, sitting: Sitting, clock: VirtualClock, watch: Watch): Plan {
  return definePlan({ name: 'random', kind: 'smoke', title: 'Random', slots: capacity }, (plan) => {
    const services = shape.services.map((service, index) => plan.use(watch.service(service, index)))
    const handles: Handle<unknown>[] = []
    for (const [index, node] of shape.nodes.entries()) {
      const needs = {
        services: node.services.flatMap((service) => services[service] ?? []),
        before: node.needs.flatMap((need) => handles[need] ?? []),
      }
      handles.push(add(plan, node, index, needs, sitting, clock, watch))
    }
  })
}

interface Given {
  readonly before: readonly unknown[]
}

function add(
  plan: PlanBuilder,
  node: NodeShape,
  index: number,
  needs: { readonly services: readonly Handle<number>[]; readonly before: readonly Handle<unknown>[] },
  sitting: Sitting,
  clock: VirtualClock,
  watch: Watch,
): Handle<unknown> {
  const special = holds(node, sitting)
  const wrong = special && node.output === 'wrong'

  function perform<T>(
    { before }: Given,
    { attempt, signal }: StepContext,
    hand: (output: Output) => T,
  ): T | Promise<T> {
    const leave = watch.enter(index, signal)
    const end = () => {
      leave()
      if (special && attempt <= node.throws)
        throw node.outcome === 'failed' ? new Failure('it is wrong') : new Error('it went wrong')
      const sums = before.map((one) => outputOf(one)?.sum)
      return hand({ sum: sumOf(index, sums), made: node.output === 'salted' ? ++salt : 0, from: fromOf(before) })
    }
    if (node.takes === 0) return end()
    return clock.sleep(node.takes, node.obeys ? signal : undefined).then(end, (error: unknown) => {
      leave()
      throw error
    })
  }

  const rules = {
    name: nameOf(index),
    needs,
    exclusive: node.alone ? 'alone' : 'shared',
    slots: Object.fromEntries(Object.entries(node.slots).filter(([, count]) => count > 0)),
    retry: {
      times: node.retries,
      when: () => node.worthwhile,
      ...(node.backoff > 0 && { backoff: `${node.backoff} ms` as const }),
    },
    ...(node.timeout !== undefined && { timeout: `${node.timeout} ms` as const }),
    ...(special && node.skip !== 'never' && { skipUnless: () => skip(node.skip) }),
  } as const

  switch (node.kind) {
    case 'step':
      return plan.step({
        ...rules,
        output: Output,
        run: (given, context) => perform(given, context, (output) => (wrong ? { ...output, sum: Number.NaN } : output)),
        ...(node.proof !== 'none' && { stillThere: () => proof(node.proof) }),
      })
    case 'check':
      return plan.check({
        ...rules,
        run: (given, context) =>
          perform(given, context, () => [
            wrong ? { name: 'it', verdict: 'fail', reason: 'it is not' } : { name: 'it', verdict: 'pass' },
          ]),
      })
    case 'measure': {
      // One sample decides nothing, and two alike all: the second is the first one's.
      let taken: ReturnType<typeof sample>
      const sample = (given: Given, context: StepContext) =>
        perform(given, context, ({ sum, made, from }) => ({
          sum: quantity(sum, '1'),
          made: quantity(made, '1'),
          from: quantity(from, '1'),
        }))
      return plan.measure({
        ...rules,
        samples: 2,
        warmup: 0,
        metrics: { sum: lower('1', wrong ? atMost(-1, '1') : undefined), made: lower('1'), from: lower('1') },
        run(given, context) {
          if (context.round === 1) taken = sample(given, context)
          return taken
        },
      })
    }
  }
}

let salt = 0

function skip(how: NodeShape['skip']): true | string {
  if (how === 'throws') throw new Error('it cannot be said')
  return 'there is no need'
}

function proof(how: NodeShape['proof']): boolean {
  if (how === 'throws') throw new Error('it cannot be told')
  return how === 'there'
}
