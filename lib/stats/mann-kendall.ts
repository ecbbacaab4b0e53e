import { ties } from './ranks.ts'

/**
 * Whether values rise (> 0) or fall (< 0) in the order they came, as a standard normal variable where they do neither and come independently
 * of each other. Zero where all are equal.
 *
 * Source: H. B. Mann, "Nonparametric tests against trend", Econometrica 13 (1945), 245–259, with the variance for ties of M. G. Kendall,
 * "Rank correlation methods" (1955); pairs are counted by merging, as W. R. Knight, Journal of the American Statistical Association 61
 * (1966), 436–439.
 */
export function mannKendall(values: readonly number[]): number {
  const n = values.length
  const tied = ties(values)
  const between = (n * (n - 1)) / 2 - tied.reduce((sum, t) => sum + (t * (t - 1)) / 2, 0)
  const score = between - 2 * descents(Float64Array.from(values))
  const spread = (m: number) => m * (m - 1) * (2 * m + 5)
  const variance = (spread(n) - tied.reduce((sum, t) => sum + spread(t), 0)) / 18
  return variance > 0 ? (score - Math.sign(score)) / Math.sqrt(variance) : 0
}

/** Pairs whose later value is the smaller one; sorts `values`. */
function descents(values: Float64Array): number {
  const spare = new Float64Array(values.length)
  let count = 0
  for (let width = 1; width < values.length; width *= 2) {
    for (let start = 0; start < values.length; start += 2 * width) {
      const middle = Math.min(start + width, values.length)
      const end = Math.min(start + 2 * width, values.length)
      for (let left = start, right = middle, to = start; to < end; to++) {
        const later = values[right] ?? 0
        if (left < middle && (right >= end || (values[left] ?? 0) <= later)) {
          spare[to] = values[left++] ?? 0
        } else {
          spare[to] = later
          right += 1
          count += middle - left
        }
      }
    }
    values.set(spare)
  }
  return count
}
