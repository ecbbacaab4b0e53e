import { tails } from './binomial.ts'
import type { Interval } from './interval.ts'

/**
 * The sample quantile, `q` from 0 to 1, linear between neighbours: type 7 of R. J. Hyndman, Y. Fan, "Sample quantiles in statistical
 * packages", American Statistician 50 (1996), 361–365. Not a number where there are no samples.
 */
export function quantile(samples: readonly number[], q: number): number {
  return quantileOf(ascending(samples), q)
}

/**
 * The interval that holds the true quantile at `level` over independent samples of any distribution: between two of the sorted samples, by
 * the binomial distribution of how many lie below the quantile, each end interpolated towards the next sample where its own says more than
 * is asked. Undefined where too few lie beyond: below 6 samples for the median at 0.95, below 368 for the 0.99 quantile.
 *
 * Source: T. P. Hettmansperger, S. J. Sheather, "Confidence intervals based on interpolated order statistics", Statistics & Probability
 * Letters 4 (1986), 75–79, for the median; J. Nyblom, "Note on interpolated order statistics", ibid. 14 (1992), 129–131, for any quantile.
 */
export function quantileInterval(samples: readonly number[], q: number, level = 0.95): Interval | undefined {
  const interval = orderInterval(ascending(samples), q, level)
  return Number.isFinite(interval.low) && Number.isFinite(interval.high) ? interval : undefined
}

/** As `quantileInterval`, of sorted samples, with each end that cannot be given infinite. */
export function orderInterval(sorted: Float64Array, q: number, level: number): Interval {
  const n = sorted.length
  const tail = (1 - level) / 2
  const low = lowerEnd((k) => sorted[k - 1] ?? Number.NaN, n, q, tail)
  const high = lowerEnd((k) => -(sorted[n - k] ?? Number.NaN), n, 1 - q, tail)
  return { low: low ?? -Infinity, high: high === undefined ? Infinity : -high }
}

/** What the true quantile lies below with probability `tail`; `at(k)` is the k-th smallest of `n` samples. */
function lowerEnd(at: (k: number) => number, n: number, q: number, tail: number): number | undefined {
  const below = tails(n, q)
  // below[k] is how often k or fewer samples lie below the quantile, and so the (k + 1)-th above it.
  let r = 0
  while (r < n && (below[r] ?? 1) <= tail) r += 1
  if (r === 0) return undefined
  if (r === n) return at(n)
  const [own, next] = [below[r - 1] ?? 0, below[r] ?? 1]
  const share = (tail - own) / (next - own)
  const [towards, away] = [(n - r) * q * share, r * (1 - q) * (1 - share)]
  const weight = towards / (towards + away)
  return at(r) + weight * (at(r + 1) - at(r))
}

export function ascending(samples: readonly number[]): Float64Array {
  return Float64Array.from(samples).sort()
}

export function quantileOf(sorted: Float64Array, q: number): number {
  const position = q * (sorted.length - 1)
  const index = Math.floor(position)
  const at = sorted[index] ?? Number.NaN
  const share = position - index
  return share === 0 ? at : at + share * ((sorted[index + 1] ?? at) - at)
}
