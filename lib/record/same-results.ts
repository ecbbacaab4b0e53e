import type { Json } from '../plan/json.ts'
import type { MetricRecord, SamplingRecord } from './event.ts'
import { steadied } from './generated.ts'
import type { RunRecord, StepRecord } from './run-record.ts'

/** A place in what a run came to, the same in every run: `stage 1: output.outputs[].sha256`. */
export type Place = string

/**
 * What `other` came to that `reference` did not, a sentence each; empty when both came to the same. That is what a resumed
 * run is held to beside an unbroken one: outcomes, verdicts, outputs and findings, but for run ids, the counters behind
 * them, times, durations, loopback ports and generated names (`generated.ts`). Lists are compared whatever their order,
 * since what runs at the same time ends in any; a measure's samples by their metric and number.
 *
 * Parts that differ between unbroken runs too prove nothing: give them as `unsteady`, from `unsteadyPlaces`.
 */
export function differences(
  reference: RunRecord,
  other: RunRecord,
  unsteady: ReadonlySet<Place> = new Set(),
): readonly string[] {
  return compared(reference, other, unsteady).map(
    ({ place, expected, found }) =>
      `${place.replace(/:$/, '')}: expected ${shorten(expected)}, found ${shorten(found)}`,
  )
}

/** The places where runs of one plan that nothing broke differ from the first of them. */
export function unsteadyPlaces(unbroken: readonly RunRecord[]): ReadonlySet<Place> {
  const [first, ...others] = unbroken
  const places = new Set<Place>()
  if (first === undefined) return places
  // Once a place is left out, elements of a list that differ there find each other, and what else differs shows.
  for (const other of others)
    for (let size = -1; size < places.size; ) {
      size = places.size
      for (const { place } of compared(first, other, places)) places.add(place)
    }
  return places
}

interface Difference {
  readonly place: Place
  readonly expected: Json | undefined
  readonly found: Json | undefined
}

function compared(reference: RunRecord, other: RunRecord, unsteady: ReadonlySet<Place>): readonly Difference[] {
  const [expected, found] = [resultsOf(reference, unsteady), resultsOf(other, unsteady)]
  const names = [...new Set([...expected.keys(), ...found.keys()])]
  return names.flatMap((name) => differing(expected.get(name), found.get(name), name))
}

/** What a run came to, by the name of what came to it. */
function resultsOf(record: RunRecord, unsteady: ReadonlySet<Place>): ReadonlyMap<string, Json> {
  const { heading, ended } = record
  const run = { plan: heading.plan, params: heading.params, outcome: ended?.outcome, exit: ended?.exit }
  const entries = [
    ['the run:', run] as const,
    ...record.steps.map((step) => [`${step.name}:`, resultOf(step)] as const),
  ]
  return new Map(
    entries.map(([name, result]) => [
      name,
      canonical(steadied(JSON.parse(JSON.stringify(result)), record), name, unsteady),
    ]),
  )
}

function resultOf({ kind, needs, selected, ended }: StepRecord) {
  return {
    kind,
    needs,
    selected,
    outcome: ended?.outcome,
    findings: ended?.findings,
    metrics: ended?.metrics?.map((metric) => judgedOf(metric, ended.sampling)),
    // A measure hands on its samples.
    ...(kind !== 'measure' && { output: ended?.output }),
  }
}

/** How a metric was judged: not what was measured, nor of how many samples where they were taken until they were enough. */
function judgedOf(metric: MetricRecord, sampling: SamplingRecord | undefined) {
  const { name, unit, better, low, high, variant, quantile, against, verdict, samples } = metric
  const fixed = sampling === undefined || sampling.stopped === 'fixed'
  return {
    ...{ name, unit, better, low, high, variant, quantile, verdict },
    ...(against && { against: { kind: against.kind, name: against.name, low: against.low, high: against.high } }),
    ...(fixed && { n: samples.length }),
  }
}

/** The value without what is unsteady, its names and lists in an order of their own. */
function canonical(value: Json, place: Place, unsteady: ReadonlySet<Place>): Json {
  if (Array.isArray(value)) {
    if (unsteady.has(`${place}[]`)) return []
    const items = value.map((item) => canonical(item, `${place}[]`, unsteady))
    return items
      .map((item) => [JSON.stringify(item), item] as const)
      .sort(byText)
      .map(([, item]) => item)
  }
  if (!isRecord(value)) return value
  const kept: Record<string, Json> = {}
  for (const name of Object.keys(value).sort()) {
    const part = value[name]
    const there = within(place, name)
    if (part !== undefined && !unsteady.has(there)) kept[name] = canonical(part, there, unsteady)
  }
  return kept
}

function differing(expected: Json | undefined, found: Json | undefined, place: Place): readonly Difference[] {
  if (JSON.stringify(expected) === JSON.stringify(found)) return []
  if (Array.isArray(expected) && Array.isArray(found)) {
    // A list of another length is told by what only one of the two has, at the place of the list.
    const [missing, more] = [without(expected, found), without(found, expected)]
    if (missing.length !== more.length) return [{ place, expected: missing, found: more }]
    return pairs(missing, more).flatMap(([one, other]) => differing(one, other, `${place}[]`))
  }
  if (expected !== undefined && found !== undefined && isRecord(expected) && isRecord(found)) {
    const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])]
    return names.flatMap((name) => differing(expected[name], found[name], within(place, name)))
  }
  return [{ place, expected, found }]
}

/** The root of a step's places ends in a colon. */
function within(place: Place, name: string): Place {
  return place.endsWith(':') ? `${place} ${name}` : `${place}.${name}`
}

/** The items of `list` that `other` does not have, each as often as it lacks them. */
function without(list: readonly Json[], other: readonly Json[]): readonly Json[] {
  const there = new Map<string, number>()
  for (const item of other) {
    const text = JSON.stringify(item)
    there.set(text, (there.get(text) ?? 0) + 1)
  }
  return list.filter((item) => {
    const text = JSON.stringify(item)
    const left = there.get(text) ?? 0
    there.set(text, left - 1)
    return left <= 0
  })
}

/** Each item with the one of the other list that is most like it. */
function pairs(items: readonly Json[], others: readonly Json[]): readonly (readonly [Json, Json])[] {
  const left = new Set(others.keys())
  return items.map((item) => {
    let best: { readonly index: number; readonly likeness: number } | undefined
    for (const index of left) {
      const likeness = likenessOf(item, others[index])
      if (best === undefined || likeness > best.likeness) best = { index, likeness }
    }
    if (best !== undefined) left.delete(best.index)
    return [item, others[best?.index ?? 0] ?? null] as const
  })
}

/** How many of the parts of two records are equal. */
function likenessOf(one: Json, other: Json | undefined): number {
  if (other === undefined || !isRecord(one) || !isRecord(other)) return 0
  return Object.keys(one).filter((name) => JSON.stringify(one[name]) === JSON.stringify(other[name])).length
}

function isRecord(value: Json): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function byText([a]: readonly [string, Json], [b]: readonly [string, Json]): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function shorten(value: Json | undefined): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
