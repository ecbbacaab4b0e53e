import type { Figure } from '../noise-floor.ts'
import { figureOf, samplesFor, timed } from './sampling.ts'

/** How late the scheduler wakes a program that asked to sleep for a millisecond. */
export function wakeUpFigures(seconds: number): readonly Figure[] {
  const late = samplesFor(seconds, 5000, () => timed(() => Bun.sleepSync(1)) * 1e6 - 1000)
  return [
    figureOf('waking up after 1 ms: late by', 'µs', late),
    figureOf('waking up after 1 ms: late by, 99 % quantile', 'µs', late, 0.99),
  ]
}
