import { existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseBytes } from '../plan/duration.ts'
import type { Graph } from '../plan/graph.ts'
import type { PlanHeader } from '../plan/plan.ts'
import { Problem } from '../plan/problem.ts'
import { usersOf } from './nodes.ts'

/** Throws one Problem that names everything the plan needs of the machine and does not find, with what to do. */
export function checkPreconditions(
  plan: PlanHeader,
  env: Readonly<Record<string, string | undefined>>,
  place: string,
): void {
  const missing = [
    ...(plan.env ?? []).flatMap((name) => (env[name] ? [] : [`the variable ${name} (set it, or use --env-file)`])),
    ...(plan.programs ?? []).flatMap((name) =>
      Bun.which(name, { PATH: env.PATH ?? '' }) === null ? [`the program ${name} (install it, or add it to PATH)`] : [],
    ),
    ...(plan.disk === undefined ? [] : lackOfDisk(parseBytes(plan.disk), place)),
  ]
  if (missing.length > 0) throw new Problem(`Cannot run ${plan.name} as this machine lacks ${missing.join(', ')}`)
}

/** Throws the Problem of the first service in use that could not start; nothing once `signal` is aborted, as the run then ends before it begins. */
export async function checkServices(
  graph: Graph,
  selected: ReadonlySet<number>,
  env: Readonly<Record<string, string | undefined>>,
  signal?: AbortSignal,
): Promise<void> {
  const used = usersOf(graph, selected)
  for (const node of graph.nodes) {
    if (node.kind !== 'service' || !used.has(node.index)) continue
    try {
      await node.service.precondition?.(env, signal)
    } catch (error) {
      if (signal?.aborted) return
      // Anew: nothing is wrong with the file that threw it, which would be named.
      throw error instanceof Problem ? new Problem(error.message, { cause: error }) : error
    }
  }
}

function lackOfDisk(wanted: number, place: string): readonly string[] {
  let folder = place
  while (!existsSync(folder)) folder = dirname(folder)
  const { bavail, bsize } = statfsSync(folder)
  const free = bavail * bsize
  const gb = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`
  return free >= wanted ? [] : [`disk: ${gb(wanted)} wanted, ${gb(free)} free at ${folder} (free some, or use --dir)`]
}
