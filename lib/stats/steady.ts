import { mannKendall } from './mann-kendall.ts'
import { normalQuantile } from './normal.ts'
import { ranks } from './ranks.ts'

/** Where a warm-up ended. */
export interface Steady {
  /** The index of the first sample that counts. */
  readonly from: number
  readonly because: string
}

/** What must be left for a rise or fall to show at all. */
const fewest = 4

/**
 * The first sample from which on `samples`, in the order they were taken, are steady. Undefined where they are not yet: below five, where
 * more than half would have to go, or where what is left rises or falls by as little as one flat series in five does.
 *
 * Source: the marginal standard error rule, K. P. White, "An effective truncation heuristic for bias reduction in simulation output",
 * Simulation 69 (1997), 323–334, here of the ranks, so that one far sample does not outweigh all others; then Mann and Kendall's test.
 */
export function steadyFrom(samples: readonly number[]): Steady | undefined {
  const n = samples.length
  if (n <= fewest) return undefined
  const from = leastError(ranks(samples))
  if (from > n / 2 || Math.abs(mannKendall(samples.slice(from))) > normalQuantile(0.9)) return undefined
  const because =
    from === 0
      ? `the first ${n} samples neither rise nor fall`
      : `after the first ${from} of ${n} samples the others neither rise nor fall`
  return { from, because }
}

/** How many to leave out for the variance of the others over their number to be least. */
function leastError(rank: Float64Array): number {
  let [from, least, sum, squares] = [0, Infinity, 0, 0]
  for (let start = rank.length - 1; start >= 0; start--) {
    const own = rank[start] ?? 0
    sum += own
    squares += own * own
    const left = rank.length - start
    const error = (squares - sum ** 2 / left) / left ** 2
    if (left < fewest || error > least) continue
    from = start
    least = error
  }
  return from
}
