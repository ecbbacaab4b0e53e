import { newMoves, sharedErrorRate } from '../record/moves.ts'
import { oneLine } from '../report/text.ts'
import { moveText } from '../report/trend.ts'
import { mostRuns } from './history-metrics.ts'
import { indexed } from './indexed.ts'
import type { Places } from './places.ts'

/** Tells which metrics of a run moved, as far as that could not be told before it. */
export function tellMoved(places: Places, plan: string, run: string, tell: (line: string) => void): void {
  const { trends } = indexed(places, tell, (index) => index.trends(plan, { run, limit: mostRuns }))
  for (const trend of trends)
    if (trend.history.at(-1)?.run === run)
      for (const move of newMoves(trend.history, sharedErrorRate(trends.length)))
        tell(`  moved: ${oneLine(`${trend.step}: ${trend.metric}`)} is ${moveText(trend, move)}\n`)
}
