import * as v from 'valibot'
import type { MeasureNode, Node } from '../../plan/graph.ts'
import { nameOf, otherOf } from '../../plan/measure.ts'
import type { BaselineReference, RatioReference } from '../../plan/metric.ts'
import { type Baseline, noBaseline } from '../../record/baseline.ts'
import type { MetricRecord } from '../../record/event.ts'
import { type Estimate, pairedRatioEstimate, ratioEstimate } from '../../stats/estimate.ts'
import { quantile } from '../../stats/quantile.ts'
import { estimateOf, type Series } from './series.ts'

/** What a series is held against: its own value, or a ratio, must lie between bounds. */
export type Standing =
  | { readonly kind: 'recorded'; readonly because?: string }
  | { readonly kind: 'open'; readonly because: string }
  | {
      readonly kind: 'held'
      readonly estimate: Estimate
      readonly low: number | undefined
      readonly high: number | undefined
      /** What must not drift for the estimate to mean anything, in the order it was taken. */
      readonly steady: readonly number[]
      /** Of a ratio. */
      readonly against?: NonNullable<MetricRecord['against']>
    }

/** Where the other side of a ratio comes from. */
export interface Others {
  readonly nodes: readonly Node[]
  /** What the measure's needs handed on. */
  readonly inputs: Readonly<Record<string, unknown>>
  readonly baseline: Baseline | undefined
}

export function standingOf(series: Series, node: MeasureNode, all: readonly Series[], others: Others): Standing {
  const { reference } = series.definition
  if (reference === undefined) return { kind: 'recorded' }
  if (reference.kind === 'bound') {
    const estimate = estimateOf(series)
    const { low, high } = reference
    return estimate === undefined ? tooFew : { kind: 'held', estimate, low, high, steady: series.samples }
  }
  return reference.kind === 'ratio'
    ? againstMetric(series, reference, node, all, others)
    : againstBaseline(series, reference, node, others)
}

const tooFew: Standing = { kind: 'open', because: 'there are no samples' }

function againstMetric(
  { name, variant, samples, definition: { quantile: q } }: Series,
  reference: RatioReference,
  node: MeasureNode,
  all: readonly Series[],
  { nodes, inputs }: Others,
): Standing {
  const other = otherOf(node, reference, variant, nodes)
  if (other === undefined) throw new Error(`Internal error: ${reference.of} was there when the plan was built`)
  const { need, metric } = other
  const own = nameOf(metric, other.variant)
  if (need === undefined && own === name) return { kind: 'recorded', because: 'it is what others are held against' }
  const theirs = need === undefined ? all.find((one) => one.name === own)?.samples : handedOn(inputs[need], other)
  if (theirs === undefined || theirs.length === 0) return tooFew
  const paired = need === undefined && q === undefined
  const estimate = paired ? pairedRatioEstimate(samples, theirs) : ratioEstimate(samples, theirs, q)
  if (estimate === undefined) return notAboveZero
  // What befell both sides of a round is not in their ratio.
  const steady = paired ? samples.map((sample, round) => sample / (theirs[round] ?? Number.NaN)) : samples
  const { low, high } = reference
  const bounds = { ...(low !== undefined && { low }), ...(high !== undefined && { high }) }
  const title = need === undefined ? own : `${need}.${own}`
  const against = { kind: 'metric', name: title, value: quantile(theirs, q ?? 0.5), ...bounds } as const
  return { kind: 'held', estimate, low, high, steady, against }
}

const notAboveZero: Standing = { kind: 'open', because: 'a ratio needs samples above zero' }

const samplesOf = v.array(v.number())

function handedOn(
  need: unknown,
  { metric, variant }: { readonly metric: string; readonly variant: string | undefined },
): readonly number[] {
  const given = v.parse(v.record(v.string(), v.unknown()), need)[metric]
  return v.parse(samplesOf, variant === undefined ? given : v.parse(v.record(v.string(), v.unknown()), given)[variant])
}

function againstBaseline(
  { name, samples, definition: { quantile: q, better, unit } }: Series,
  { factor }: BaselineReference,
  node: MeasureNode,
  { baseline }: Others,
): Standing {
  if (baseline === undefined) return { kind: 'recorded', because: noBaseline }
  const theirs = baseline.metrics.find((metric) => metric.step === node.name && metric.metric === name)
  if (theirs === undefined || theirs.samples.length === 0)
    return { kind: 'recorded', because: `the baseline, run ${baseline.run}, does not have it` }
  if (theirs.unit !== unit)
    return { kind: 'recorded', because: `the baseline, run ${baseline.run}, has it in ${theirs.unit}` }
  const estimate = ratioEstimate(samples, theirs.samples, q)
  if (estimate === undefined) return notAboveZero
  const bounds = better === 'lower' ? { high: factor } : { low: 1 / factor }
  const value = quantile(theirs.samples, q ?? 0.5)
  const against = { kind: 'baseline', name: baseline.run, value, ...bounds } as const
  return { kind: 'held', estimate, low: undefined, high: undefined, ...bounds, steady: samples, against }
}
