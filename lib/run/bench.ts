import type { Machine } from '../machine/machine.ts'
import type { Graph, MeasureNode, Node } from '../plan/graph.ts'
import type { Baseline } from '../record/baseline.ts'
import type { RunStore } from '../record/store.ts'
import type { Clock } from './clock.ts'
import { artifactOf } from './context.ts'

/** What a measure needs of the world beside its step's context. */
export interface Bench {
  readonly nodes: readonly Node[]
  readonly clock: Clock
  readonly machine: Machine | undefined
  readonly baseline: Baseline | undefined
  /** Keeps a file of the node's whole or not at all; returns its name in the run's folder. */
  keep(node: MeasureNode, file: string, text: string): string
}

export function benchOf(
  { nodes }: Graph,
  clock: Clock,
  store: RunStore,
  { machine, baseline }: { readonly machine?: Machine | undefined; readonly baseline?: Baseline | undefined },
): Bench {
  return {
    ...{ nodes, clock, machine, baseline },
    keep(node, file, text) {
      const name = artifactOf(node, file)
      store.write(name, text)
      return name
    },
  }
}
