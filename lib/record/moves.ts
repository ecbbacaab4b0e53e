import { changePoints } from '../stats/change-point.ts'
import type { MetricHistory } from './metric-history.ts'

/** Where a metric changed its level: the last run before, the first one after, and the level after over that before. */
export interface Move {
  readonly before: MetricHistory
  readonly run: MetricHistory
  readonly ratio: number
}

/** Where a metric moved, as far as that can be told from chance; see `changePoints`. Nowhere where machines are mixed: another one is no change. */
export function movesIn(history: readonly MetricHistory[]): readonly Move[] {
  if (new Set(history.map(({ machine }) => machine)).size > 1) return []
  return changePoints(history.map(({ value }) => value)).flatMap(({ at, ratio }) => {
    const [before, run] = [history[at - 1], history[at]]
    return before === undefined || run === undefined ? [] : [{ before, run, ratio }]
  })
}

/** Those of the moves that could not be told before the newest run. A place that shifts by two runs is the same one. */
export function newMoves(history: readonly MetricHistory[]): readonly Move[] {
  const placeOf = ({ run }: Move) => history.indexOf(run)
  const known = movesIn(history.slice(0, -1)).map(placeOf)
  return movesIn(history).filter((move) => !known.some((place) => Math.abs(place - placeOf(move)) <= 2))
}
