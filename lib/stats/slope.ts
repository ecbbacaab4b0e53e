import type { Interval } from './interval.ts'
import { normalQuantile } from './normal.ts'
import { ascending, quantileOf } from './quantile.ts'

export interface Slope extends Interval {
  readonly value: number
}

/**
 * By how much `ys` rise for one of `xs`: the median of the slopes of all pairs, with the interval that holds the true one at `level` over
 * independent errors. One wild value in four does not move it far. Undefined below four points, or where no two `xs` differ.
 *
 * Source: P. K. Sen, "Estimates of the regression coefficient based on Kendall's tau", Journal of the American Statistical Association 63
 * (1968), 1379–1389, whose interval this is, without its correction for ties.
 */
export function slope(xs: readonly number[], ys: readonly number[], level = 0.95): Slope | undefined {
  const n = Math.min(xs.length, ys.length)
  const slopes: number[] = []
  for (let i = 0; i < n; i++)
    for (let j = i + 1; j < n; j++) {
      const run = (xs[j] ?? 0) - (xs[i] ?? 0)
      if (run !== 0) slopes.push(((ys[j] ?? 0) - (ys[i] ?? 0)) / run)
    }
  if (n < 4 || slopes.length === 0) return undefined
  const sorted = ascending(slopes)
  const spread = normalQuantile((1 + level) / 2) * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)
  const at = (rank: number) => sorted[Math.min(sorted.length, Math.max(1, Math.round(rank))) - 1] ?? Number.NaN
  return {
    value: quantileOf(sorted, 0.5),
    low: at((sorted.length - spread) / 2),
    high: at((sorted.length + spread) / 2 + 1),
  }
}
