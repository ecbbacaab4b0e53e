import { type Estimate, pairedRatioEstimate, ratioEstimate } from './estimate.ts'
import type { Interval } from './interval.ts'

/** A ratio and the interval that holds the true one. */
export interface Ratio extends Interval {
  readonly value: number
}

/** The median of `a` over that of an independent `b`; see `ratioEstimate`. Undefined without samples, or where one is not above zero. */
export function ratioOfMedians(a: readonly number[], b: readonly number[], level = 0.95): Ratio | undefined {
  return ratioAt(ratioEstimate(a, b), level)
}

/** The median of a[i] / b[i]; see `pairedRatioEstimate`. Undefined without pairs, or where a sample is not above zero. */
export function pairedRatio(a: readonly number[], b: readonly number[], level = 0.95): Ratio | undefined {
  return ratioAt(pairedRatioEstimate(a, b), level)
}

function ratioAt(estimate: Estimate | undefined, level: number): Ratio | undefined {
  if (estimate === undefined) return undefined
  const interval = estimate.intervalAt(level)
  return Number.isFinite(interval.high) ? { value: estimate.value, ...interval } : undefined
}
