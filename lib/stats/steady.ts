import { mannKendall } from './mann-kendall.ts'
import { ranks } from './ranks.ts'

/** Where a warm-up ended. */
export interface Steady {
  /** The index of the first sample that counts. */
  readonly from: number
  readonly because: string
}

/**
 * The first sample from which on `samples`, in the order they were taken, are steady. Undefined where they are not yet: below five, where
 * more than half would have to go, or where what is left still rises or falls.
 *
 * Source: the marginal standard error rule, K. P. White, "An effective truncation heuristic for bias reduction in simulation output",
 * Simulation 69 (1997), 323–334, here of the ranks, so that one far sample does not outweigh all others.
 */
export function steadyFrom(samples: readonly number[]): Steady | undefined {
  const n = samples.length
  if (n < 5) return undefined
  const rank = ranks(samples)
  let [from, least] = [0, Infinity]
  let [sum, squares] = [0, 0]
  for (let start = n - 1; start >= 0; start--) {
    const own = rank[start] ?? 0
    sum += own
    squares += own * own
    const left = n - start
    if (left < 3) continue
    const error = (squares - sum ** 2 / left) / left ** 2
    if (error > least) continue
    from = start
    least = error
  }
  if (from > n / 2 || Math.abs(mannKendall(samples.slice(from))) > 1.96) return undefined
  const because =
    from === 0
      ? `the first ${n} samples neither rise nor fall`
      : `after the first ${from} of ${n} samples the others neither rise nor fall`
  return { from, because }
}
