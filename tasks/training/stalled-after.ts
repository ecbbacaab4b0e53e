import { quantile } from '../../lib/stats/quantile.ts'

/** Seconds a first step may take, its data and its compiling included; also what comes after the last one. */
export const patient = 120
/** So many steps say how long one takes. */
const enough = 5
/** Below this a machine that is busy with something else would be called a stall. */
const least = 10

/**
 * How many seconds without a step mean that a training is stalled: three times the median step so far and the longest time a checkpoint
 * or a validation took, at least ten seconds. Until there are five steps it is two minutes.
 */
export function stalledAfter(stepSeconds: readonly number[], longestPause: number): number {
  if (stepSeconds.length < enough) return patient
  return Math.max(least, 3 * quantile(stepSeconds, 0.5) + longestPause)
}
