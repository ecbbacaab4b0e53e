import { quantile } from './quantile.ts'

/** Where a series moved. */
export interface ChangePoint {
  /** The index of the first value after the change. */
  readonly at: number
  /** The median of the stretch after over that of the stretch before, each up to the next change. */
  readonly ratio: number
}

/** How often, at most, a series that never moved is said to have moved when it is looked at. */
export const flatErrorRate = 0.002

/** Below so many values nothing can be told from chance. */
const shortest = 3

/**
 * Where a series of independent values changed its level, in order. A stretch is split where the sums of its scores on both sides are
 * furthest apart for their lengths, if fewer than `errorRate` of its random orders are split as far; then so are both parts. Scores are
 * distances from the median in units of the scale, bound to three, so that one odd value is no change. The orders are drawn with a fixed
 * seed: the same series always gives the same answer.
 *
 * At 0.002 it takes some 13 values for a change in their middle to show, and some 20 for one of the last three.
 *
 * Source: J. Antoch, M. Hušková, "Permutation tests in change point analysis", Statistics & Probability Letters 53 (2001), 37–46;
 * binary segmentation after L. Vostrikova, "Detecting disorder in multidimensional random processes", Soviet Mathematics Doklady 24
 * (1981), 55–59.
 */
export function changePoints(series: readonly number[], errorRate = flatErrorRate): readonly ChangePoint[] {
  const splits = splitsIn(series, 0, errorRate)
  return splits.map((at, i) => {
    const before = series.slice(splits[i - 1] ?? 0, at)
    const after = series.slice(at, splits[i + 1])
    return { at, ratio: quantile(after, 0.5) / quantile(before, 0.5) }
  })
}

function splitsIn(series: readonly number[], from: number, errorRate: number): readonly number[] {
  const at = splitOf(series, errorRate)
  if (at === undefined) return []
  return [
    ...splitsIn(series.slice(0, at), from, errorRate),
    from + at,
    ...splitsIn(series.slice(at), from + at, errorRate),
  ]
}

function splitOf(series: readonly number[], errorRate: number): number | undefined {
  const n = series.length
  if (n < 2 * shortest) return undefined
  const scores = scoresOf(series)
  const weights = scores.map((_, k) => Math.sqrt(n / (k * (n - k))))
  const found = furthest(scores, weights)
  if (!(found.distance > 0)) return undefined
  if (atMostAsFar(found.distance, scores) < errorRate) return found.at
  // So many that ten of them are the error rate, as fewer make the answer hang on the seed; of a small rate so many that one is.
  const orders = Math.ceil(Math.max(1 / errorRate, Math.min(10 / errorRate, 5000)))
  const tooMany = Math.floor(errorRate * orders + 1e-9)
  const random = xorshift(2_463_534_242)
  for (let order = 1, asFar = 0; order < orders; order++) {
    shuffle(scores, random)
    // Sums in another order differ in their last digits.
    if (furthest(scores, weights).distance >= found.distance * (1 - 1e-9) && ++asFar >= tooMany) return undefined
  }
  return found.at
}

/** Distances from the median in scales, at most three, around zero. */
function scoresOf(series: readonly number[]): Float64Array {
  const median = quantile(series, 0.5)
  const distances = series.map((x) => Math.abs(x - median))
  // Where more than half are equal, the median of the distances is nothing to measure by.
  const scale = 1.4826 * quantile(distances, 0.5) || distances.reduce((sum, x) => sum + x, 0) / distances.length || 1
  const scores = Float64Array.from(series, (x) => Math.max(-3, Math.min(3, (x - median) / scale)))
  const mean = scores.reduce((sum, x) => sum + x, 0) / scores.length
  return scores.map((x) => x - mean)
}

function furthest(scores: Float64Array, weights: Float64Array): { readonly distance: number; readonly at: number } {
  let [sum, distance, at] = [0, 0, 0]
  for (let k = 1; k <= scores.length - shortest; k++) {
    sum += scores[k - 1] ?? 0
    const here = Math.abs(sum) * (weights[k] ?? 0)
    if (k >= shortest && here > distance) [distance, at] = [here, k]
  }
  return { distance, at }
}

/**
 * How often, at most, a random order of the scores is split as far: what is far beyond chance need not be tried in thousands of orders.
 *
 * Source: R. J. Serfling, "Probability inequalities for the sum in sampling without replacement", Annals of Statistics 2 (1974), 39–48, for
 * the sums on the shorter side of each split, added up.
 */
function atMostAsFar(distance: number, scores: Float64Array): number {
  const n = scores.length
  const [low, high] = scores.reduce(([low, high], x) => [Math.min(low, x), Math.max(high, x)], [0, 0])
  return 2 * n * Math.exp((-2 * (distance / (high - low)) ** 2 * n) / (n + 2))
}

/** R. A. Fisher, F. Yates, "Statistical tables" (1938), example 12. */
function shuffle(values: Float64Array, random: () => number): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = random() % (i + 1)
    const kept = values[i] ?? 0
    values[i] = values[j] ?? 0
    values[j] = kept
  }
}

/** G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (2003), 14. */
function xorshift(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}
