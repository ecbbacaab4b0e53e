import type { Interval } from './interval.ts'
import { intervalOfFew } from './interval-of-few.ts'
import { inflation, likeness } from './likeness.ts'
import { ascending, orderInterval, quantileOf } from './quantile.ts'

/** A figure drawn from samples that can be asked, at any level, between which ends the true one lies. */
export interface Estimate {
  readonly value: number
  /** Samples; pairs, where it is of pairs. */
  readonly n: number
  /**
   * Holds the true figure at `level`, of `n` samples like these where that is given. An end is infinite where nothing can be said of it,
   * as that of a ratio is zero.
   */
  readonly intervalAt: (level: number, n?: number) => Interval
}

/**
 * A quantile of samples in the order they were taken, by order statistics (`quantileInterval`). Where a median has too few samples for that,
 * its interval assumes that they gather about it (`intervalOfFew`); where samples resemble those before them, it is as much wider as
 * fewer independent ones would make it (`inflation`). Undefined where there are none.
 */
export function quantileEstimate(samples: readonly number[], q = 0.5): Estimate | undefined {
  if (samples.length === 0) return undefined
  const sorted = ascending(samples)
  const own = sorted.length
  const value = quantileOf(sorted, q)
  const times = inflation(likeness(samples), own)
  const intervalAt = (level: number, n = own) => {
    const { low, high } = ofSorted(sorted, q, level)
    // What is left to chance shrinks with the root of n.
    const scale = Math.sqrt((times * own) / n)
    return scale === 1 ? { low, high } : { low: value - (value - low) * scale, high: value + (high - value) * scale }
  }
  return { value, n: own, intervalAt }
}

/**
 * As `quantileEstimate`, of what is never below zero, as a time, a rate or a size: its interval ends there, which misses no true figure that
 * the whole one holds. A sample below zero says that it is no such thing. On logarithms the interval would end above zero by itself, and hold
 * as often, but of three samples that scatter widely reach thousands of times too high.
 *
 * Source: M. Mandelkern, "Setting confidence intervals for bounded parameters", Statistical Science 17 (2002), 149–172, on truncation.
 */
export function amountEstimate(samples: readonly number[], q = 0.5): Estimate | undefined {
  const estimate = quantileEstimate(samples, q)
  if (estimate === undefined || !samples.every((x) => x >= 0)) return estimate
  const intervalAt: Estimate['intervalAt'] = (level, n) => {
    const { low, high } = estimate.intervalAt(level, n)
    return { low: Math.max(0, low), high }
  }
  return { ...estimate, intervalAt }
}

/**
 * The ratio of a quantile of `samples` to that of an independent `baseline`, whose samples stay as many as they are. Undefined where there
 * are none, or one is not above zero.
 *
 * Source: the method of variance estimates recovery, here for the difference of logarithms: R. M. Price, D. G. Bonett, "Distribution-free
 * confidence intervals for difference and ratio of medians", Journal of Statistical Computation and Simulation 72 (2002), 119–124, as
 * A. Donner, G. Y. Zou, Statistical Methods in Medical Research 21 (2012), 347–359, let each side keep intervals that are not symmetric.
 */
export function ratioEstimate(samples: readonly number[], baseline: readonly number[], q = 0.5): Estimate | undefined {
  const [a, b] = [logarithms(samples, q), logarithms(baseline, q)]
  if (a === undefined || b === undefined) return undefined
  const difference = a.value - b.value
  const intervalAt = (level: number, n = a.n) => {
    const [own, theirs] = [a.intervalAt(level, n), b.intervalAt(level)]
    const down = Math.hypot(a.value - own.low, theirs.high - b.value)
    const up = Math.hypot(own.high - a.value, b.value - theirs.low)
    return { low: ratioOf(difference - down), high: ratioOf(difference + up) }
  }
  return { value: ratioOf(difference), n: a.n, intervalAt }
}

/**
 * The median of the ratios of samples that were taken side by side, so that what befell both falls out. Undefined where there are no pairs,
 * or a sample is not above zero; samples without a partner count for nothing.
 */
export function pairedRatioEstimate(a: readonly number[], b: readonly number[]): Estimate | undefined {
  const pairs = Math.min(a.length, b.length)
  const isAbove = (x: number) => x > 0
  if (!a.slice(0, pairs).every(isAbove) || !b.slice(0, pairs).every(isAbove)) return undefined
  const ratios = logarithms(
    Array.from({ length: pairs }, (_, i) => (a[i] ?? 0) / (b[i] ?? 0)),
    0.5,
  )
  if (ratios === undefined) return undefined
  const intervalAt = (level: number, n = pairs) => {
    const { low, high } = ratios.intervalAt(level, n)
    return { low: ratioOf(low), high: ratioOf(high) }
  }
  return { value: ratioOf(ratios.value), n: pairs, intervalAt }
}

/** The way there and back loses the last digits, which must not put a ratio of exactly its bound beyond it. */
function ratioOf(logarithm: number): number {
  return Number(Math.exp(logarithm).toPrecision(12))
}

function logarithms(samples: readonly number[], q: number): Estimate | undefined {
  if (!samples.every((x) => x > 0 && Number.isFinite(x))) return undefined
  return quantileEstimate(samples.map(Math.log), q)
}

function ofSorted(sorted: Float64Array, q: number, level: number): Interval {
  const interval = orderInterval(sorted, q, level)
  return q === 0.5 && interval.low === -Infinity ? intervalOfFew(sorted, level) : interval
}
