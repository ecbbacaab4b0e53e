import type { Estimate } from './estimate.ts'
import type { Interval } from './interval.ts'

/** How often, at most, all looks at one estimate together put it on the wrong side of its bound. */
export const errorRate = 0.01

/**
 * The numbers of samples at which one may look whether there are enough: `least`, then each half as many again, and `most`. Their number
 * is what `decide` needs to keep its error rate.
 */
export function looks(least: number, most: number): readonly number[] {
  const counts: number[] = []
  for (let n = least; n < most; n = Math.ceil(n * 1.5)) counts.push(n)
  return [...counts, most]
}

export interface Question {
  /** What the estimate is held against; without it only how tight the interval is counts. */
  readonly bound?: number | undefined
  /** The side that an estimate of exactly the bound is on: `below` where it is the most there may be. */
  readonly touching?: 'above' | 'below' | undefined
  /** Half of the interval over the value that is tight enough. */
  readonly precision?: number | undefined
  /** How many looks there may be in all, this one included; 1 where the number of samples was fixed beforehand. */
  readonly looks: number
  /** Among how many questions the error rate is shared, so that it is that of all together; 1 when absent. */
  readonly among?: number | undefined
}

export interface Decision {
  /**
   * On which side of its bound the estimate lies; `inside`: the interval is as tight as asked and the bound lies within (or there is no
   * bound); `undecided`: more samples may tell.
   */
  readonly decision: 'above' | 'below' | 'inside' | 'undecided'
  /** Holds the true figure at `level` however the looks ended. Undefined where samples are too few. */
  readonly interval: Interval | undefined
  readonly level: number
}

/**
 * Whether samples tell on which side of a bound their figure lies. One look is as good as another: the error rate is shared evenly among
 * them (Bonferroni), which holds however they depend on each other and whenever one stops.
 */
export function decide(
  estimate: Estimate,
  { bound, touching = 'below', precision, looks, among = 1 }: Question,
): Decision {
  const level = 0.95
  const shown = estimate.intervalAt(lookLevel(level, looks))
  const interval = Number.isFinite(shown.low) && Number.isFinite(shown.high) ? shown : undefined
  if (bound !== undefined) {
    const { low, high } = estimate.intervalAt(sureLevel(looks, among))
    if (high < bound || (high === bound && touching === 'below')) return { decision: 'below', interval, level }
    if (low > bound || (low === bound && touching === 'above')) return { decision: 'above', interval, level }
  }
  const within = bound === undefined || (shown.low <= bound && bound <= shown.high)
  const tight =
    precision !== undefined &&
    relativeHalfWidth(shown, estimate.value) <= precision &&
    relativeHalfWidth(estimate.intervalAt(1 - (1 - level) / looks), estimate.value) <= 1.2 * precision
  return { decision: tight && within ? 'inside' : 'undecided', interval, level }
}

/** The level of the interval that a bound must lie outside of: much surer than the one that is shown. */
export function sureLevel(looks: number, among = 1): number {
  return 1 - errorRate / (looks * among)
}

/** A level for people, never rounded up: `99.91 %`. */
export function levelText(level: number): string {
  return `${Math.floor(1e4 * level + 1e-6) / 100} %`
}

/**
 * The level of the interval at each of several looks that makes it hold at `level` once sampling has stopped because it was tight enough:
 * samples that happen to lie close together stop it early, and so it misses oftener than one of a number fixed beforehand. Two fifths of
 * the misses are allowed a look, which simulation shows to be enough (benchmarks/statistics.ts). Where few samples lie about the median,
 * as between two modes, it is not; there the interval that holds whatever happens, with its share of the misses for each look, is much
 * the wider one, and so `decide` asks that it be no more than a fifth wider than the precision, which it seldom is elsewhere.
 */
export function lookLevel(level: number, looks: number): number {
  return looks === 1 ? level : 1 - 0.4 * (1 - level)
}

export function relativeHalfWidth({ low, high }: Interval, value: number): number {
  return high === low ? 0 : (high - low) / 2 / Math.abs(value)
}

/**
 * About how many samples like these would decide on which side of `bound` they lie. Undefined where no number would: the value is the bound
 * itself, or a baseline of the size it has leaves too much open. `shares`: into how many the error rate is shared, by looks and questions.
 */
export function samplesNeeded(estimate: Estimate, bound: number, shares: number): number | undefined {
  const level = 1 - errorRate / shares
  const decided = (n: number) => {
    const { low, high } = estimate.intervalAt(level, n)
    return low > bound || high < bound
  }
  const most = 1e9
  if (!decided(most)) return undefined
  let [few, enough] = [estimate.n, most]
  while (enough - few > 1) {
    const middle = Math.floor(Math.sqrt(few) * Math.sqrt(enough)) || 1
    const n = Math.min(enough - 1, Math.max(few + 1, middle))
    if (decided(n)) enough = n
    else few = n
  }
  return enough
}
