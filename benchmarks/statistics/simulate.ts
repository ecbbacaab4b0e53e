import { decide, errorRate, lookLevel, looks } from '../../lib/stats/decide.ts'
import { drift } from '../../lib/stats/drift.ts'
import { type Estimate, pairedRatioEstimate, quantileEstimate, ratioEstimate } from '../../lib/stats/estimate.ts'
import type { Interval } from '../../lib/stats/interval.ts'
import { normalQuantile } from '../../lib/stats/normal.ts'
import { quantile } from '../../lib/stats/quantile.ts'
import { type Random, type Shape, seeded } from './draw.ts'

/** The share of `trials` in which `hit`. */
function share(trials: number, hit: () => boolean): number {
  let hits = 0
  for (let trial = 0; trial < trials; trial++) if (hit()) hits += 1
  return hits / trials
}

function draws(n: number, draw: () => number): number[] {
  return Array.from({ length: n }, draw)
}

function holds({ low, high }: Interval, truth: number): boolean {
  return low <= truth && truth <= high
}

/** How often the 95 % interval of `n` samples holds the median. */
export function coverage({ draw, median }: Shape, n: number, trials: number, seed: number): number {
  const random = seeded(seed)
  return share(trials, () => {
    const interval = quantileEstimate(draws(n, () => draw(random)))?.intervalAt(0.95)
    return interval !== undefined && holds(interval, median)
  })
}

/** How often the 95 % interval of the ratio of medians of `n` and `m` samples alike holds 1. */
export function ratioCoverage({ draw }: Shape, n: number, m: number, trials: number, seed: number): number {
  const random = seeded(seed)
  const sample = (count: number) => draws(count, () => draw(random))
  return share(trials, () => {
    const interval = ratioEstimate(sample(n), sample(m))?.intervalAt(0.95)
    return interval !== undefined && holds(interval, 1)
  })
}

/** Of all trials: how often the interval held in the end, and how many samples it took on average. */
export interface Stopped {
  readonly held: number
  readonly samples: number
}

/** How often the interval holds the median once sampling has stopped because it was within `precision`. */
export function stopped({ draw, median }: Shape, precision: number, trials: number, seed: number): Stopped {
  const random = seeded(seed)
  const counts = looks(5, 10_000)
  let samples = 0
  const held = share(trials, () => {
    const taken: number[] = []
    for (const n of counts) {
      while (taken.length < n) taken.push(draw(random))
      const estimate = quantileEstimate(taken)
      if (estimate === undefined || decide(estimate, { precision, looks: counts.length }).decision !== 'inside')
        continue
      samples += n
      return holds(estimate.intervalAt(lookLevel(0.95, counts.length)), median)
    }
    throw new Error(`not within ${precision} of the median after ${counts.at(-1)} samples`)
  })
  return { held, samples: samples / trials }
}

/** How often what is drawn is flagged. */
export function flagged(is: (random: Random) => boolean, trials: number, seed: number): number {
  const random = seeded(seed)
  return share(trials, () => is(random))
}

export function drifts(samples: readonly number[]): boolean {
  return drift(samples) !== undefined
}

/** What is held against what: a median against its bound, a ratio to so many samples of a baseline, or a ratio of pairs. */
export type Against = 'bound' | 'baseline' | 'pairs'

export interface Comparison {
  readonly against: Against
  /** A sample with the median 1. */
  readonly draw: (random: Random) => number
  /** The true ratio to it. */
  readonly factor: number
  readonly baseline: number
  readonly most: number
}

/** Shares of trials that came out each way, and the mean of samples taken. */
export interface Decided {
  readonly above: number
  readonly below: number
  readonly samples: number
}

/** How often a ratio is decided to lie above 1 and below, where one looks from 5 samples to `most` and stops once it is decided. */
export function decided({ against, draw, factor, baseline, most }: Comparison, trials: number, seed: number): Decided {
  const random = seeded(seed)
  const counts = looks(5, most)
  let [above, below, samples] = [0, 0, 0]
  for (let trial = 0; trial < trials; trial++) {
    const theirs = draws(against === 'baseline' ? baseline : 0, () => draw(random))
    const taken: number[] = []
    const ended = counts.find((n) => {
      while (taken.length < n) {
        taken.push(factor * draw(random))
        if (against === 'pairs') theirs.push(draw(random))
      }
      const estimate = estimateOf(against, taken, theirs)
      const { decision } = decide(estimate, { bound: 1, looks: counts.length })
      if (decision === 'above') above += 1
      if (decision === 'below') below += 1
      return decision !== 'undecided'
    })
    samples += ended ?? most
  }
  return { above: above / trials, below: below / trials, samples: samples / trials }
}

/** Whether `most` samples are enough to find the true ratio to be above 1 in 999 of 1,000 cases, by the intervals of that many. */
export function allows({ against, draw, factor, baseline, most }: Comparison, random: Random): boolean {
  const level = 1 - errorRate / looks(5, most).length
  const z = normalQuantile((1 + level) / 2)
  const errors = draws(9, () => {
    const theirs = draws(against === 'baseline' ? baseline : most, () => draw(random))
    const taken = draws(most, () => factor * draw(random))
    const { low, high } = estimateOf(against, taken, theirs).intervalAt(level)
    return Math.log(high / low) / 2 / z
  })
  return (z + normalQuantile(0.999)) * quantile(errors, 0.5) <= Math.log(factor)
}

function estimateOf(against: Against, taken: readonly number[], theirs: readonly number[]): Estimate {
  const estimate =
    against === 'bound'
      ? quantileEstimate(taken)
      : against === 'pairs'
        ? pairedRatioEstimate(taken, theirs)
        : ratioEstimate(taken, theirs)
  if (estimate === undefined) throw new Error('samples must be above zero')
  return estimate
}
