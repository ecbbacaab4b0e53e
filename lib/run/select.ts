import { didYouMean } from '../plan/did-you-mean.ts'
import { type Graph, needsOf } from '../plan/graph.ts'
import { Problem, sentence } from '../plan/problem.ts'

/** Which steps of a plan a person asked for. */
export type Selection =
  | { readonly kind: 'all' }
  /** The named steps and what they need. */
  | { readonly kind: 'only'; readonly names: readonly string[] }
  /** Everything declared up to the named step, and the step. */
  | { readonly kind: 'until'; readonly name: string }

/** The indexes of the chosen nodes, with all they need. Throws a Problem for a name that the plan does not have. */
export function select(graph: Graph, plan: string, selection: Selection): ReadonlySet<number> {
  if (selection.kind === 'all') return new Set(graph.nodes.keys())
  const indexOf = (name: string) => {
    const index = graph.nodes.findIndex((node) => node.name === name && node.kind !== 'service')
    if (index !== -1) return index
    const names = graph.nodes.flatMap((node) => (node.kind === 'service' ? [] : [node.name]))
    throw new Problem(
      sentence(`run part of ${plan}`, `--${selection.kind}`, 'a step of the plan', name, didYouMean(name, names)),
    )
  }
  const wanted =
    selection.kind === 'only'
      ? selection.names.map(indexOf)
      : [...graph.nodes.keys()].slice(0, indexOf(selection.name) + 1)
  // Needs point backwards, so one walk from the end meets every node after all that need it.
  const chosen = new Set<number>(wanted)
  for (let index = graph.nodes.length - 1; index >= 0; index--) {
    const node = graph.nodes[index]
    if (node !== undefined && chosen.has(index)) for (const need of needsOf(node)) chosen.add(need)
  }
  return chosen
}
