import { outliers } from './outliers.ts'
import { quantile } from './quantile.ts'
import { mannKendall, rankVonNeumann } from './trend.ts'

/** What speaks against believing samples, in the order they were taken. */
export interface Concern {
  /** After `drift` there is no verdict; the others are said beside it. */
  readonly kind: 'drift' | 'autocorrelation' | 'bimodal' | 'outliers'
  readonly text: string
}

/** Everything that speaks against believing `samples`, given in the order they were taken. */
export function concerns(samples: readonly number[]): readonly Concern[] {
  return [...drift(samples), ...autocorrelation(samples), ...farOut(samples)]
}

function drift(samples: readonly number[]): readonly Concern[] {
  const z = mannKendall(samples)
  if (Math.abs(z) < 2.576) return []
  return [{ kind: 'drift', text: `the samples ${z > 0 ? 'rise' : 'fall'} in the order they were taken` }]
}

function autocorrelation(samples: readonly number[]): readonly Concern[] {
  if (samples.length < 10) return []
  const { z, correlation } = rankVonNeumann(samples)
  if (z < 2.576) return []
  const text = `each sample resembles the one before it (correlation of ranks ${correlation.toFixed(2)}), so the interval is too narrow`
  return [{ kind: 'autocorrelation', text }]
}

function farOut(samples: readonly number[]): readonly Concern[] {
  const found = outliers(samples)
  const first = found[0]
  if (first === undefined) return []
  const times = ((samples[first] ?? 0) / quantile(samples, 0.5)).toPrecision(2)
  const text = `${found.length} of ${samples.length} samples lie far off, the first (sample ${first + 1}) at ${times} times the median`
  return [{ kind: 'outliers', text }]
}
