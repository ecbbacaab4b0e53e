import type { MetricHistory, MetricTrend } from '../record/metric-history.ts'
import { type Move, movesIn } from '../record/moves.ts'
import { formatNumber } from './format.ts'
import { sparkline } from './sparkline.ts'
import { oneLine } from './text.ts'

/** What one run found of a metric, beside what others did. */
export interface TrendPoint extends MetricHistory {
  /** Its value over that of the run before. */
  readonly before: number | undefined
  /** Its value over that of its machine's baseline. */
  readonly baseline: number | undefined
  /** It is the first after a change of the level: that over the level before. */
  readonly moved: number | undefined
}

/** The points of a trend, oldest first. `baseline`: the value that a machine's baseline has. */
export function trendPoints(
  { history }: MetricTrend,
  baseline: (machine: string | undefined) => number | undefined,
): readonly TrendPoint[] {
  const moves = new Map(movesIn(history).map(({ run, ratio }) => [run, ratio]))
  return history.map((point, i) => ({
    ...point,
    before: ratioOf(point.value, history[i - 1]?.value),
    baseline: ratioOf(point.value, baseline(point.machine)),
    moved: moves.get(point),
  }))
}

function ratioOf(value: number, other: number | undefined): number | undefined {
  const ratio = value / (other ?? Number.NaN)
  return Number.isFinite(ratio) ? ratio : undefined
}

/** The cells of a run in the table of a metric; the titles are `trendTitles`. */
export function trendCells({ at, value, low, high, n, verdict, before, baseline, commit, run }: TrendPoint) {
  const ratio = (of: number | undefined) => (of === undefined ? '' : of.toFixed(3))
  return [
    at.slice(0, 19).replace('T', ' '),
    formatNumber(value),
    intervalText(low, high),
    String(n),
    verdict,
    ratio(before),
    ratio(baseline),
    shortCommit(commit),
    run,
  ]
}

export const trendTitles = ['started', 'value', 'interval', 'n', 'verdict', '× before', '× baseline', 'commit', 'run']

export function intervalText(low: number | undefined, high: number | undefined): string {
  return low === undefined || high === undefined ? '' : `${formatNumber(low)}–${formatNumber(high)}`
}

function shortCommit(commit: string | undefined): string {
  return commit?.slice(0, 9) ?? ''
}

/** `stage 2: time[720p], in s, less is better` */
export function trendName({ step, metric, unit, better }: MetricTrend): string {
  return oneLine(`${step}: ${metric}, in ${unit}, ${better === 'lower' ? 'less' : 'more'} is better`)
}

/** `▂▁▂▃▂▇▇█  0.951–1.08 s, 30 runs` */
export function trendLine({ history, unit }: MetricTrend, width: number): string {
  const values = history.map(({ value }) => value)
  const range = `${formatNumber(Math.min(...values))}–${formatNumber(Math.max(...values))} ${unit}`
  return `${sparkline(values, width)}  ${range}, ${values.length === 1 ? '1 run' : `${values.length} runs`}`
}

/** `worse since run 20261121-071602-k3x9 (commit 0123abcde, 4567fab01 before it): 1.052 times what it was` */
export function moveText({ better }: Pick<MetricTrend, 'better'>, { before, run, ratio }: Move): string {
  const improved = better === 'lower' ? ratio < 1 : ratio > 1
  const [commit, earlier] = [shortCommit(run.commit), shortCommit(before.commit)]
  const since = commit === earlier ? 'as before it' : `${earlier || 'none'} before it`
  const where = commit === '' ? '' : ` (commit ${commit}, ${since})`
  return `${improved ? 'better' : 'worse'} since run ${run.run}${where}: ${ratio.toFixed(3)} times what it was`
}
