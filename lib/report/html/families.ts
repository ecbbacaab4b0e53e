import type { MetricRecord } from '../../record/event.ts'
import type { Interval } from '../../stats/interval.ts'
import { quantile, quantileInterval } from '../../stats/quantile.ts'

/** A metric and, where its measure has variants, that of each: they share a unit and an axis. */
export interface Family {
  readonly name: string
  readonly unit: string
  readonly better: 'higher' | 'lower'
  readonly members: readonly Member[]
  /** Of the shared axis; undefined where there is nothing to draw. */
  readonly domain: Interval | undefined
}

export interface Member {
  readonly record: MetricRecord
  /** Undefined where there are no samples. */
  readonly value: number | undefined
  readonly interval: Interval | undefined
  /** The bounds that its value is held against, in its unit. */
  readonly references: readonly number[]
}

export function familiesOf(metrics: readonly MetricRecord[]): readonly Family[] {
  const byName = Map.groupBy(metrics, ({ name, variant, unit }) => JSON.stringify([baseName(name, variant), unit]))
  return [...byName.values()].flatMap((records) => {
    const [first] = records
    if (first === undefined) return []
    const members = records.map(memberOf)
    const { unit, better } = first
    return [{ name: baseName(first.name, first.variant), unit, better, members, domain: domainOf(members) }]
  })
}

function baseName(name: string, variant: string | undefined): string {
  const end = `[${variant}]`
  return variant !== undefined && name.endsWith(end) ? name.slice(0, -end.length) : name
}

/** A metric's value and interval, also where the journal is of an older Assay, which has the samples alone. */
export function memberOf(record: MetricRecord): Member {
  const { samples, quantile: q = 0.5, low, high, against } = record
  const value = record.value ?? (samples.length > 0 ? quantile(samples, q) : undefined)
  const interval = record.interval ?? quantileInterval(samples, q)
  const finite = interval !== undefined && Number.isFinite(interval.high - interval.low)
  const times = (ratio: number | undefined) =>
    ratio === undefined || against === undefined ? undefined : ratio * against.value
  const references = [low, high, times(against?.low), times(against?.high)].filter((x) => x !== undefined)
  return { record, value, interval: finite ? interval : undefined, references }
}

function domainOf(members: readonly Member[]): Interval | undefined {
  const drawn = members.flatMap(({ record, interval }) => [
    ...record.samples,
    ...(interval ? [interval.low, interval.high] : []),
  ])
  return axisOf(
    drawn,
    members.flatMap(({ references }) => references),
  )
}

/**
 * An axis for all of `values`, and for the references unless one lies so far off that the values would be a single line. Undefined
 * where there are none, or they have no range.
 */
export function axisOf(values: readonly number[], references: readonly number[]): Interval | undefined {
  const { low, high } = values.reduce((all, x) => ({ low: Math.min(all.low, x), high: Math.max(all.high, x) }), nothing)
  if (!Number.isFinite(high - low)) return undefined
  const spread = Math.max(high - low, Math.abs(high) * 1e-3)
  const least = spread < divisible ? 1 : spread
  const near = references.filter((x) => x > low - 3 * least && x < high + 3 * least)
  const [from, to] = [Math.min(low, ...near), Math.max(high, ...near)]
  const half = Math.max((to - from) / 2, least / 2) * 1.04
  const middle = (from + to) / 2
  return { low: middle - half, high: middle + half }
}

/** A smaller range has no round numbers between its ends: floats have too few digits left there. */
const divisible = 1e-290

const nothing: Interval = { low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY }

/** At most `most` of the samples in their order, the least and the greatest among them. */
export function thinned(samples: readonly number[], most: number): readonly number[] {
  if (samples.length <= most) return samples
  const kept = new Set([
    samples.indexOf(samples.reduce((a, b) => Math.min(a, b))),
    samples.indexOf(samples.reduce((a, b) => Math.max(a, b))),
  ])
  for (let i = 0; kept.size < most && i < most; i++) kept.add(Math.floor((i * samples.length) / most))
  return samples.filter((_, index) => kept.has(index))
}
