import type { Interval } from './interval.ts'

/**
 * The interval of a median from fewer samples than order statistics need: all of them and some of their range beyond, which asks that
 * samples thin out away from the median on either side. Of one sample nothing can be said.
 *
 * Why it holds, for `n` samples of range R and an end k·R beyond the least: that end lies above the median only if all samples do,
 * which happens once in 2ⁿ times, and none lies further off than (1 + 1/k) times the nearest. A density that falls away from the median is
 * a mixture of even ones that begin there (A. Khinchin, 1938), so each logarithm of a distance is minus an exponential variable and a shift;
 * given the nearest of them and by lack of memory, each of the others keeps that bound once in (1 + k) times at most. Both ends
 * together miss it at most 2^(1 − n)·(1 + k)^(1 − n) of the time, and `k` is chosen to make that 1 − `level`.
 */
export function intervalOfFew(sorted: Float64Array, level: number): Interval {
  const n = sorted.length
  const [least, most] = [sorted[0] ?? Number.NaN, sorted[n - 1] ?? Number.NaN]
  if (n < 2) return { low: -Infinity, high: Infinity }
  const beyond = Math.max(0, (2 ** (1 - n) / (1 - level)) ** (1 / (n - 1)) - 1) * (most - least)
  return { low: least - beyond, high: most + beyond }
}
