import { type Graph, needsOf } from '../plan/graph.ts'
import type { Code, Heading } from '../record/event.ts'
import type { RunRecord } from '../record/run-record.ts'
import { hashOf } from './identity.ts'
import { codeChange } from './reuse.ts'

/** The graph as a journal keeps it. */
export function namedNodes({ nodes }: Graph): Heading['nodes'] {
  return nodes.map((node) => ({
    name: node.name,
    kind: node.kind,
    needs: needsOf(node).map((need) => nodes[need]?.name ?? ''),
  }))
}

/** How many of the selected nodes need each service. */
export function usersOf(graph: Graph, selected: ReadonlySet<number>): ReadonlyMap<number, number> {
  const users = new Map<number, number>()
  for (const node of graph.nodes)
    if (selected.has(node.index))
      for (const need of needsOf(node))
        if (graph.nodes[need]?.kind === 'service') users.set(need, (users.get(need) ?? 0) + 1)
  return users
}

/** Whether a run passed with this very graph, these parameters, this code and all that is selected now. */
export function nothingToDo(
  before: RunRecord,
  graph: Graph,
  selected: ReadonlySet<number>,
  params: Readonly<Record<string, string>>,
  code: Code | undefined,
): boolean {
  const ended = new Set(before.steps.flatMap((step) => (step.ended === undefined ? [] : [step.name])))
  return (
    before.ended?.outcome === 'passed' &&
    hashOf(before.heading.params) === hashOf(params) &&
    ['same', 'unchecked'].includes(codeChange(before.heading.code, code).kind) &&
    hashOf(before.heading.nodes) === hashOf(namedNodes(graph)) &&
    graph.nodes.every(({ kind, name, index }) => kind === 'service' || !selected.has(index) || ended.has(name))
  )
}
