import { drift } from './drift.ts'
import { inflation, likeness } from './likeness.ts'
import { modes } from './modes.ts'
import { outliers } from './outliers.ts'
import { quantile } from './quantile.ts'

/** What speaks against believing samples. */
export interface Concern {
  /** After `drift` there is no verdict; the others are said beside it. */
  readonly kind: 'drift' | 'autocorrelation' | 'bimodal' | 'outliers'
  /** One clause, its numbers in the unit of the samples. */
  readonly text: string
}

/**
 * Everything that speaks against believing `samples`, given in the order they were taken. What is judged by pairs (`pairedRatioEstimate`)
 * is looked at by their ratios, from which common drift has fallen out.
 */
export function concerns(samples: readonly number[]): readonly Concern[] {
  const found = [drifts(samples), resembles(samples), heaps(samples), farOff(samples)]
  return found.filter((concern) => concern !== undefined)
}

function drifts(samples: readonly number[]): Concern | undefined {
  const found = drift(samples)
  if (found === undefined) return undefined
  const { kind, levels } = found
  const [from, to] = kind === 'wanders' ? [Math.min(...levels), Math.max(...levels)] : [levels.at(0), levels.at(-1)]
  const where = kind === 'wanders' ? 'between' : 'from'
  const link = kind === 'wanders' ? 'and' : 'to'
  return { kind: 'drift', text: `the level ${kind} ${where} ${short(from)} ${link} ${short(to)} while it is measured` }
}

function resembles(samples: readonly number[]): Concern | undefined {
  const found = likeness(samples)
  const times = inflation(found, samples.length)
  if (times === 1) return undefined
  const wider = Math.sqrt(times).toFixed(1)
  const text = `each sample resembles the one before it (correlation of ranks ${found.correlation.toFixed(2)}), which makes the interval ${wider} times as wide`
  return { kind: 'autocorrelation', text }
}

function heaps(samples: readonly number[]): Concern | undefined {
  const found = modes(samples)
  if (found === undefined) return undefined
  const { low, high, share } = found
  const text = `the samples have two modes, ${Math.round(100 * share)} % of them about ${short(low)} and the others about ${short(high)}`
  return { kind: 'bimodal', text }
}

function farOff(samples: readonly number[]): Concern | undefined {
  const found = outliers(samples)
  const [first] = found
  if (first === undefined) return undefined
  const times = short((samples[first] ?? 0) / quantile(samples, 0.5))
  const which = `sample ${first + 1}, ${times} times the median`
  const text =
    found.length === 1
      ? `one of ${samples.length} samples lies far off (${which})`
      : `${found.length} of ${samples.length} samples lie far off (the first: ${which})`
  return { kind: 'outliers', text }
}

function short(value: number | undefined): string {
  return String(Number((value ?? Number.NaN).toPrecision(3)))
}
