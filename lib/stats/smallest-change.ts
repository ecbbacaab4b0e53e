import { quantileEstimate } from './estimate.ts'
import { normalQuantile } from './normal.ts'

/**
 * The least relative change of the median, or of the quantile `q`, that a run like this one would show, four times in five, against an
 * equal one: 0.03 is three per cent; infinite where the samples say nothing of the quantile. Undefined where samples are too few, or one
 * is not above zero.
 *
 * Source: H. S. Bloom, "Minimum detectable effects", Evaluation Review 19 (1995), 547–556, with the interval of the median (on logarithms)
 * in the place of its standard error.
 */
export function smallestChange(samples: readonly number[], level = 0.95, q = 0.5): number | undefined {
  if (samples.length < 2 || !samples.every((x) => x > 0)) return undefined
  const interval = quantileEstimate(samples.map(Math.log), q)?.intervalAt(level)
  if (interval === undefined) return undefined
  const z = normalQuantile(1 - (1 - level) / 2)
  const error = (interval.high - interval.low) / 2 / z
  return Math.expm1((z + normalQuantile(0.8)) * Math.SQRT2 * error)
}
