import { didYouMean } from '../plan/did-you-mean.ts'
import { cannot } from '../plan/problem.ts'
import { keyOf } from '../record/baseline.ts'
import { fileBaselines } from '../record/baseline-files.ts'
import type { RunIndex, Trends } from '../record/index-queries.ts'
import type { MetricTrend } from '../record/metric-history.ts'
import { movesIn, sharedErrorRate } from '../record/moves.ts'
import { formatNumber, several } from '../report/format.ts'
import { sparkline } from '../report/sparkline.ts'
import { oneLine } from '../report/text.ts'
import {
  intervalText,
  moveText,
  type TrendPoint,
  trendCells,
  trendLine,
  trendName,
  trendPoints,
  trendTitles,
} from '../report/trend.ts'
import { summarize } from '../stats/summary.ts'
import { columns } from './columns.ts'
import type { Places } from './places.ts'

/** What is looked at: a year of nights. */
export const mostRuns = 365

/** Bars that fit beside a table, or below one. */
const narrow = 30
const wide = 80

/** A metric of a plan with its points. */
export interface ShownTrend {
  readonly plan: string
  readonly trend: MetricTrend
  readonly points: readonly TrendPoint[]
}

export interface ShownTrends {
  readonly shown: readonly ShownTrend[]
  readonly leftOut: Trends['leftOut']
}

/** The trends of a plan, each beside its baseline. */
export function shownTrends(
  places: Places,
  index: RunIndex,
  plan: string,
  asked: { readonly metric?: string | undefined; readonly across: boolean },
): ShownTrends {
  const { trends, params, leftOut } = index.trends(plan, { ...asked, limit: mostRuns })
  const baselineValue = baselineValues(places, index, plan, params)
  const shown = trends.map((trend) => ({ plan, trend, points: trendPoints(trend, baselineValue(trend)) }))
  return { shown, leftOut }
}

/** Of a plan's baselines with these parameters, one a machine: the values as their runs have them, or else the medians of the samples that were kept. */
function baselineValues({ runs }: Places, index: RunIndex, plan: string, params: string) {
  const ofPlan = fileBaselines(runs).all(plan)
  const baselines = [params, undefined]
    .flatMap((key) => ofPlan.filter((baseline) => keyOf(baseline) === key))
    .map((baseline) => ({ ...baseline, trends: index.trends(plan, { run: baseline.run, limit: 1 }).trends }))
  return ({ step, metric, unit }: MetricTrend) =>
    (machine: string | undefined): number | undefined => {
      const isSame = (one: { step: string; metric: string; unit: string }) =>
        one.step === step && one.metric === metric && one.unit === unit
      const baseline = baselines.find((one) => one.machine === machine)
      const known = baseline?.trends.find(isSame)?.history[0]?.value
      return known ?? summarize(baseline?.metrics.find(isSame)?.samples ?? [])?.median
    }
}

/** Throws the Problem of a metric that no plan has. */
export function refuseUnknownMetric(index: RunIndex, plans: readonly string[], metric: string): never {
  const trends = plans.flatMap((plan) => index.trends(plan, { limit: 1 }).trends)
  const names = [...new Set(trends.map((trend) => trend.metric))]
  const next =
    names.length === 0 ? 'None was measured yet.' : didYouMean(metric, names) || `There are ${names.join(', ')}`
  throw cannot('show the history', '--metric', 'one that was measured', metric, next)
}

/** The newest value of each metric, with what it was before. */
export function overview({ shown, leftOut }: ShownTrends, command: string): string {
  const [first] = shown
  if (first === undefined) return ''
  const rows = shown.flatMap(({ trend, points }) => {
    const newest = points.at(-1)
    if (newest === undefined) return []
    const { value, low, high, n, verdict, before, baseline } = newest
    const ratio = (of: number | undefined) => (of === undefined ? '' : of.toFixed(3))
    return [
      [
        oneLine(`${trend.step}: ${trend.metric}`),
        `${formatNumber(value)} ${oneLine(trend.unit)}`,
        intervalText(low, high),
        String(n),
        verdict,
        ratio(before),
        ratio(baseline),
        sparkline(
          points.map(({ value }) => value),
          narrow,
        ),
      ],
    ]
  })
  const titles = ['metric', 'newest', 'interval', 'n', 'verdict', '× before', '× baseline', 'trend']
  const moved = shown.flatMap(({ trend }) =>
    movesIn(trend.history, sharedErrorRate(shown.length)).map(
      (move) => `${oneLine(`${trend.step}: ${trend.metric}`)} is ${moveText(trend, move)}\n`,
    ),
  )
  const more = `More of one: ${command} ${first.plan} --metric ${quoted(first.trend.metric)}\n`
  return `${columns([titles, ...rows], '')}${moved.join('')}${leftOutText(leftOut)}${more}`
}

/** A metric's runs as a table, as bars, and where it moved. */
export function trendText({ plan, trend, points }: ShownTrend, last: number): string {
  const moves = movesIn(trend.history).map((move) => `${moveText(trend, move)}\n`)
  return [
    `${plan}, ${trendName(trend)}\n`,
    columns([trendTitles, ...points.slice(-last).map(trendCells)], ''),
    `${trendLine(trend, wide)}\n`,
    ...moves,
  ].join('')
}

/** A JSON line for each point. */
export function trendJson({ plan, trend: { history: _, ...trend }, points }: ShownTrend, last: number): string {
  return points
    .slice(-last)
    .map((point) => `${JSON.stringify({ plan, ...trend, ...point })}\n`)
    .join('')
}

export function leftOutText({ machine, params }: Trends['leftOut']): string {
  const left = [
    ...(machine > 0 ? [`${several(machine, 'run')} on other machines (--across has them)`] : []),
    ...(params > 0 ? [`${several(params, 'run')} with other parameters`] : []),
  ]
  return left.length === 0 ? '' : `Left out: ${left.join(', ')}\n`
}

function quoted(word: string): string {
  return /^[\w.-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
