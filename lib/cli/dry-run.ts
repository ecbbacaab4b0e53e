import { buildGraph } from '../plan/build.ts'
import { type Graph, type Node, needsOf, type WorkNode } from '../plan/graph.ts'
import { type Params, parseParams } from '../plan/param.ts'
import type { Plan } from '../plan/plan.ts'
import { messageOf, Problem } from '../plan/problem.ts'
import { fileStore } from '../record/files.ts'
import { readRecord } from '../report/results.ts'
import { hashOf, inputsHash } from '../run/identity.ts'
import { givenParams, recordedParams } from '../run/params.ts'
import { checkPreconditions, checkServices } from '../run/preconditions.ts'
import { decide, type Earlier, earlierOf } from '../run/reuse.ts'
import { maskFor, withoutSecrets } from '../run/secrets.ts'
import { select } from '../run/select.ts'
import { codeOf } from './code.ts'
import { columns } from './columns.ts'
import { planMistake } from './load.ts'
import type { Output } from './output.ts'
import type { Places } from './places.ts'
import type { PlanFlags } from './plan-flags.ts'
import { ownParams, resumedRun, selectionOf } from './run-one.ts'

/** Shows what a run of the plan would do, in the order of its graph. Starts nothing and writes nothing. */
export async function preview(
  places: Places,
  plan: Plan,
  params: Readonly<Record<string, string>>,
  flags: PlanFlags,
  { people }: Output,
): Promise<number> {
  const mask = maskFor(plan, process.env, params)
  try {
    return await foresee(places, plan, params, flags, { write: (text) => people.write(mask(text)) })
  } catch (error) {
    throw withoutSecrets(error, mask)
  }
}

async function foresee(
  places: Places,
  plan: Plan,
  params: Readonly<Record<string, string>>,
  flags: PlanFlags,
  people: Pick<Output['people'], 'write'>,
): Promise<number> {
  const store = fileStore(places.runs)
  const run = resumedRun(places, plan.name, flags, store)
  const before = run === undefined ? undefined : readRecord(store, plan.name, run)
  const given = givenParams(plan, process.env, ownParams(plan, params), before?.heading.params ?? {})
  const recorded = recordedParams(plan, given)
  const graph = graphOf(places, plan, given)
  const selected = select(graph, plan.name, selectionOf(places, plan.name, flags))
  await checkServices(graph, selected, process.env)

  const forecast = forecastOf(
    graph,
    selected,
    hashOf(recorded),
    before && earlierOf(before, recorded, codeOf(places, plan.name), store),
  )
  const rows = graph.nodes.map((node) => [node.kind, node.name, forecast[node.index] ?? ''])
  const title = `${plan.name} · ${plan.title}${run === undefined ? '' : ` · resuming ${run}`}`
  const shown = Object.entries(recorded).map(([name, value]) => [name, value === '' ? '(empty)' : value])
  people.write(`${title}\n${columns(rows)}`)
  if (shown.length > 0) people.write(`parameters\n${columns(shown)}`)
  people.write(lacking(plan, places))
  people.write('Nothing was started or written\n')
  return 0
}

/** The plan's graph with these parameters; what its own code throws is told with the place in its file. */
export function graphOf(places: Places, plan: Plan, given: Readonly<Record<string, string | undefined>>): Graph {
  try {
    return buildGraph<Params>(plan, parseParams<Params>(plan.params ?? {}, given, `run ${plan.name}`))
  } catch (error) {
    throw planMistake(error, plan.name, places) ?? error
  }
}

function lacking(plan: Plan, { root }: Places): string {
  try {
    checkPreconditions(plan, process.env, root)
    return ''
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return `${messageOf(error)}\n`
  }
}

/** For each node, what would become of it. */
function forecastOf(
  graph: Graph,
  selected: ReadonlySet<number>,
  paramsHash: string,
  earlier: Earlier | undefined,
): readonly string[] {
  /** What each node hands on, where that is known without running it. */
  const hashes = new Map<number, string>()
  const working = new Set<number>()
  const forecast: string[] = []
  for (const node of graph.nodes) {
    if (node.kind === 'service') hashes.set(node.index, 'service')
    else if (!selected.has(node.index)) forecast[node.index] = 'not selected'
    else {
      const { words, hash } = foreseen(node, graph, hashes, paramsHash, earlier)
      forecast[node.index] = words
      if (hash === undefined) working.add(node.index)
      else hashes.set(node.index, hash)
    }
  }
  for (const node of graph.nodes)
    if (node.kind === 'service') forecast[node.index] = usedBy(node, graph, working) ? 'starts' : 'not needed'
  return forecast
}

function foreseen(
  node: WorkNode,
  graph: Graph,
  hashes: ReadonlyMap<number, string>,
  paramsHash: string,
  earlier: Earlier | undefined,
): { readonly words: string; readonly hash?: string } {
  const skips = node.skipUnless === undefined ? '' : ', unless it finds a reason to be skipped'
  if (earlier === undefined) return { words: `runs${skips}` }
  const open = needsOf(node).filter((index) => !hashes.has(index))
  if (node.kind !== 'check' && open.length > 0) {
    const names = open.map((index) => graph.nodes[index]?.name)
    return {
      words: `runs, unless ${names.join(', ')} ${names.length === 1 ? 'comes out as it was' : 'come out as they were'}${skips}`,
    }
  }
  const needs: Record<string, string> = {}
  for (const [name, need] of Object.entries(node.needs)) {
    const known = [need].flat().flatMap((index) => hashes.get(index) ?? [])
    needs[name] = typeof need === 'number' ? (known[0] ?? '') : hashOf(known)
  }
  const decision = decide(earlier, node, inputsHash(paramsHash, needs), needs)
  if (decision.kind === 'run') return { words: `runs: ${decision.because ?? 'nothing to reuse'}${skips}` }
  const proof = node.kind === 'step' && node.stillThere !== undefined ? ', if what it left is still there' : ''
  return { words: `reused: ${decision.because}${proof}`, hash: hashOf(decision.ended.output) }
}

function usedBy(service: Node, graph: Graph, working: ReadonlySet<number>): boolean {
  return graph.nodes.some((node) => working.has(node.index) && needsOf(node).includes(service.index))
}
