export interface Interval {
  readonly low: number
  readonly high: number
}

/**
 * The interval that holds the true median at `level` (0.95: nineteen times in twenty) over independent samples of any distribution:
 * between two of the sorted samples, by the binomial distribution of how many lie below the median, and interpolated towards the next
 * pair where theirs is the wider of the two that bracket the level. Undefined where even all samples say less than `level`: below six of
 * them for 0.95.
 *
 * Source: T. P. Hettmansperger, S. J. Sheather, "Confidence intervals based on interpolated order statistics", Statistics & Probability
 * Letters 4 (1986), 75–79.
 */
export function medianInterval(samples: readonly number[], level = 0.95): Interval | undefined {
  const sorted = samples.toSorted((a, b) => a - b)
  const n = sorted.length
  if (n < 2 || 2 * 0.5 ** n > 1 - level) return undefined
  const below = binomialTerms(n)
  // How often the median lies outside of the k-th pair from the ends, and of the next one within.
  let [k, outside] = [1, 2 * (below[0] ?? 0)]
  let inner = outside + 2 * (below[1] ?? 0)
  while (inner <= 1 - level) {
    k += 1
    outside = inner
    inner += 2 * (below[k] ?? 0)
  }
  const share = (1 - level - outside) / (inner - outside)
  const weight = ((n - k) * share) / (k + (n - 2 * k) * share)
  const at = (index: number) => sorted[index] ?? Number.NaN
  const between = (from: number, to: number) => from + weight * (to - from)
  return { low: between(at(k - 1), at(k)), high: between(at(n - k), at(n - k - 1)) }
}

/** P(X = k) for k from 0 to n / 2, X binomial of n and ½; from the middle outwards, so that no term of many samples is lost to underflow. */
function binomialTerms(n: number): Float64Array {
  const middle = n >> 1
  const terms = new Float64Array(middle + 1)
  terms[middle] = 1
  for (let k = middle; k > 0; k--) terms[k - 1] = ((terms[k] ?? 0) * k) / (n - k + 1)
  let sum = 0
  for (const term of terms) sum += 2 * term
  if (n % 2 === 0) sum -= terms[middle] ?? 0
  return terms.map((term) => term / sum)
}
