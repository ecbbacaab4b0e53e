import { ascending, quantileOf } from './quantile.ts'

/**
 * The indices of samples further than three interquartile ranges beyond the quartiles ("far out"). Of normal samples that is one in
 * 400,000. None below eight samples, or where the quartiles are equal.
 *
 * Source: J. W. Tukey, "Exploratory data analysis" (1977), section 2D.
 */
export function outliers(samples: readonly number[]): readonly number[] {
  if (samples.length < 8) return []
  const sorted = ascending(samples)
  const [low, high] = [quantileOf(sorted, 0.25), quantileOf(sorted, 0.75)]
  const fence = 3 * (high - low)
  if (fence === 0) return []
  return samples.flatMap((x, i) => (x < low - fence || x > high + fence ? [i] : []))
}
