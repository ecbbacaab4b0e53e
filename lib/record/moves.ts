import { changePoints, flatErrorRate } from '../stats/change-point.ts'
import type { MetricHistory } from './metric-history.ts'

/** Where a metric changed its level: the last run before, the first one after, and the level after over that before. */
export interface Move {
  readonly before: MetricHistory
  readonly run: MetricHistory
  readonly ratio: number
}

/** Where a metric moved, as far as that can be told from chance; see `changePoints`. Nowhere where machines are mixed: another one is no change. */
export function movesIn(history: readonly MetricHistory[], errorRate = flatErrorRate): readonly Move[] {
  if (new Set(history.map(({ machine }) => machine)).size > 1) return []
  const values = history.map(({ value }) => value)
  return changePoints(values, errorRate).flatMap(({ at, ratio }) => {
    const [before, run] = [history[at - 1], history[at]]
    return before === undefined || run === undefined ? [] : [{ before, run, ratio }]
  })
}

/** Those of the moves that could not be told before the newest run. A place that shifts by two runs is the same one. */
export function newMoves(history: readonly MetricHistory[], errorRate = flatErrorRate): readonly Move[] {
  const placeOf = ({ run }: Move) => history.indexOf(run)
  const known = movesIn(history.slice(0, -1), errorRate).map(placeOf)
  return movesIn(history, errorRate).filter((move) => !known.some((place) => Math.abs(place - placeOf(move)) <= 2))
}

/** The error rate of each of several metrics that are looked at together, so that all of them keep to that of one (Bonferroni). */
export function sharedErrorRate(metrics: number): number {
  return flatErrorRate / metrics
}
