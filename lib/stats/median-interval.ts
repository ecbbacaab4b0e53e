import type { Interval } from './interval.ts'
import { quantileInterval } from './quantile.ts'

/** The interval that holds the true median at `level` (0.95: nineteen times in twenty); see `quantileInterval`. */
export function medianInterval(samples: readonly number[], level = 0.95): Interval | undefined {
  return quantileInterval(samples, 0.5, level)
}
