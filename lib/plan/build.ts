import { parseDuration } from './duration.ts'
import type { Graph, MeasureNode, Node } from './graph.ts'
import type { Handle, Needs, NodeKind } from './handle.ts'
import { checkMeasure, measurePart } from './measure.ts'
import type { Params, ParamValues } from './param.ts'
import type { Plan, PlanBuilder } from './plan.ts'
import { cannot } from './problem.ts'
import { timetableOf } from './schedule.ts'
import type { Rules } from './step.ts'

/** Runs the plan's callback and returns its graph. Throws a Problem for two steps of one name and for a foreign handle. */
export function buildGraph<P extends Params>(plan: Plan<P>, params: ParamValues<P>): Graph {
  if (plan.schedule !== undefined) timetableOf(plan.name, plan.schedule)
  const nodes: Node[] = []
  const indexes = new Map<Handle<unknown>, number>()
  const names = new Set<string>()

  function add(node: Node): { readonly kind: NodeKind; readonly name: string } {
    if (typeof node.name !== 'string' || node.name.trim() === '' || /[\p{Cc}]/u.test(node.name))
      throw cannot(`build plan ${plan.name}`, 'name', 'a line of text', node.name, `It names a ${node.kind}.`)
    if (names.has(node.name))
      throw cannot(
        `build plan ${plan.name}`,
        'name',
        'unlike every other in the plan',
        node.name,
        `Rename this ${node.kind} or the ${nodes.find((other) => other.name === node.name)?.kind} before it.`,
      )
    names.add(node.name)
    nodes.push(node)
    const handle = { kind: node.kind, name: node.name }
    indexes.set(handle, node.index)
    return handle
  }

  function indexOf(step: string, need: string, handle: Handle<unknown>): number {
    const index = indexes.get(handle)
    if (index === undefined)
      throw cannot(`build plan ${plan.name}`, `needs.${need}`, 'a handle of this plan', handle?.name, `See '${step}'.`)
    return index
  }

  function common<N extends Needs>(rules: Rules<N>, exclusive: boolean) {
    const needs: Record<string, number | number[]> = {}
    for (const [need, handle] of Object.entries(rules.needs ?? {}))
      needs[need] = isList(handle)
        ? handle.map((one) => indexOf(rules.name, need, one))
        : indexOf(rules.name, need, handle)
    for (const [slot, wanted] of Object.entries(rules.slots ?? {})) {
      const there = plan.slots?.[slot] ?? 1
      if (!Number.isInteger(wanted) || wanted < 1 || wanted > there)
        throw cannot(`build plan ${plan.name}`, `slots.${slot}`, `a whole number from 1 to ${there}`, wanted)
    }
    return {
      index: nodes.length,
      name: rules.name,
      needs,
      timeout: rules.timeout === undefined ? undefined : parseDuration(rules.timeout),
      retry: rules.retry,
      exclusive: rules.exclusive === undefined ? exclusive : rules.exclusive === 'alone',
      slots: rules.slots ?? {},
      ...(rules.skipUnless && { skipUnless: rules.skipUnless }),
    }
  }

  const builder: PlanBuilder = {
    use: (service) => add({ kind: 'service', index: nodes.length, name: service.name, service }),
    step: (options) =>
      add({
        kind: 'step',
        ...common(options, false),
        output: options.output,
        run: options.run,
        ...(options.stillThere && { stillThere: options.stillThere }),
      }),
    check: (options) => add({ kind: 'check', ...common(options, false), run: options.run }),
    measure: (options) => {
      const { name, budget, run } = options
      const part = measurePart(plan.name, name, options, budget)
      const node: MeasureNode = { kind: 'measure', ...common(options, true), ...part, run }
      checkMeasure(plan.name, node, nodes)
      return add(node)
    },
  }
  plan.build(builder, params)
  return { nodes }
}

function isList(handle: Handle<unknown> | readonly Handle<unknown>[]): handle is readonly Handle<unknown>[] {
  return Array.isArray(handle)
}
