import type { MeasureNode } from '../../plan/graph.ts'
import { nameOf } from '../../plan/measure.ts'
import type { Metric, Quantity } from '../../plan/metric.ts'
import { cannot } from '../../plan/problem.ts'
import { amountEstimate, type Estimate, quantileEstimate } from '../../stats/estimate.ts'

/** The samples of one metric, of one variant where there are any, in the order they were taken. */
export interface Series {
  /** `time`, `time[5]`. */
  readonly name: string
  readonly metric: string
  readonly variant: string | undefined
  readonly definition: Metric
  readonly kind: 'sampled' | 'derived'
  readonly samples: number[]
}

/** What a measure takes samples of and works out of them, all still empty. */
export function seriesOf({ metrics, variants, derived }: MeasureNode): readonly Series[] {
  const one = (kind: Series['kind'], metric: string, definition: Metric, variant?: string): Series => {
    return { name: nameOf(metric, variant), metric, variant, definition, kind, samples: [] }
  }
  return [
    ...Object.entries(metrics).flatMap(([metric, definition]) =>
      (variants.length > 0 ? variants : [undefined]).map((variant) => one('sampled', metric, definition, variant)),
    ),
    ...Object.entries(derived).map(([metric, definition]) => one('derived', metric, definition)),
  ]
}

/** Of the value of a series. What is worked out, as a difference is, may lie below zero; what is sampled is an amount. */
export function estimateOf({ kind, samples, definition: { quantile } }: Series): Estimate | undefined {
  return kind === 'derived' ? quantileEstimate(samples, quantile) : amountEstimate(samples, quantile)
}

/** The numbers of one round, by the names of their series. */
export type RoundNumbers = ReadonlyMap<string, number>

/** One sample's numbers; throws a Problem where one is missing, of another unit, or none that can be counted with. */
export function numbersOf(
  { metrics }: MeasureNode,
  variant: string | undefined,
  taken: Readonly<Record<string, Quantity<string> | undefined>> | undefined,
): RoundNumbers {
  return new Map(
    Object.entries(metrics).map(([metric, { unit }]) => {
      const quantity = taken?.[metric]
      if (quantity?.unit !== unit || !Number.isFinite(quantity.value))
        throw cannot('record a sample', nameOf(metric, variant), `a finite number of ${unit}`, shown(quantity))
      return [nameOf(metric, variant), quantity.value]
    }),
  )
}

/** What is worked out of a round's numbers; throws a Problem where that is no number. */
export function derivedOf(node: MeasureNode, numbers: RoundNumbers): RoundNumbers {
  const round = Object.fromEntries(
    Object.keys(node.metrics).map((metric) => [
      metric,
      byVariant(node, (variant) => numbers.get(nameOf(metric, variant))),
    ]),
  )
  return new Map(
    Object.entries(node.derived).map(([name, { unit, from }]) => {
      const value = from(round)
      if (!Number.isFinite(value)) throw cannot('work out a metric', name, `a finite number of ${unit}`, shown(value))
      return [name, value]
    }),
  )
}

/** What `of` says of each variant, by its name; where there are none, what it says of none. */
export function byVariant<T>({ variants }: MeasureNode, of: (variant: string | undefined) => T) {
  if (variants.length === 0) return of(undefined)
  return Object.fromEntries(variants.map((variant) => [variant, of(variant)]))
}

/** JSON knows neither what is not a number nor what is not finite. */
function shown(value: unknown): unknown {
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'object' || value === null) return value ?? 'nothing'
  return 'value' in value && 'unit' in value ? `${value.value} ${value.unit}` : value
}
