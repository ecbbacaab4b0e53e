import { type Finding, holds, undecided } from '../../../lib/index.ts'
import { medianInterval } from '../../../lib/stats/median-interval.ts'
import { quantile } from '../../../lib/stats/quantile.ts'
import type { StepLine } from '../steps/progress.ts'

/** Percent of a step's time. What waits longer for its images than it works on them twice over is called starved. */
export const starvedAt = 67

/** Steps at the start in which loaders begin. */
const warm = 3

/** Whether a training waits for its images instead of working, by the share of each step's time that went into it. */
export function judgeWaiting(steps: readonly StepLine[]): Finding {
  const name = 'it is not starved of images'
  const shares = steps
    .slice(warm)
    .flatMap(({ step_seconds: whole = 0, data_seconds: waited }) =>
      waited !== undefined && whole > 0 ? [(100 * waited) / whole] : [],
    )
  const interval = medianInterval(shares)
  if (interval === undefined)
    return undecided(name, `${shares.length} steps say how long they waited, which is too few`)
  const { low, high } = interval
  const found = [quantile(shares, 0.5), low, high].map(Math.round)
  const words = `${found[0]} % of a step's time goes into waiting for them (${found[1]} to ${found[2]})`
  if (low <= starvedAt && high > starvedAt) return undecided(name, words)
  return holds(name, high <= starvedAt, words)
}
