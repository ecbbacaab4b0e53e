import { integer, type Param } from '../../../lib/index.ts'
import { quantile } from '../../../lib/stats/quantile.ts'

/** Seconds a first step may take, its data and its compiling included, where nobody says; also what comes after the last one. */
export const patient = 120
/** So many steps say how long one takes. */
const enough = 5
/** Below this a machine that is busy with something else would be called a stall. */
const least = 10

/**
 * How many seconds without a step mean that a training is stalled: three times the median step so far and the longest time a checkpoint
 * or a validation took, at least ten seconds. Until there are five steps it is `patience`.
 */
export function stalledAfter(stepSeconds: readonly number[], longestPause: number, patience: number): number {
  if (stepSeconds.length < enough) return patience
  return Math.max(least, 3 * quantile(stepSeconds, 0.5) + longestPause)
}

/** Of a plan that trains. */
export function trainingPatience(): Param<number> {
  return integer(patient, 'seconds a training may take to its first steps, and to its end after the last', { min: 1 })
}
