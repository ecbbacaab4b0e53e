import type { Baseline } from '../../record/baseline.ts'
import type { StepEnded } from '../../record/event.ts'
import type { MetricTrend } from '../../record/metric-history.ts'
import { type Move, movesIn } from '../../record/moves.ts'
import { quantileInterval } from '../../stats/quantile.ts'
import { summarize } from '../../stats/summary.ts'
import { formatNumber, several } from '../format.ts'
import { oneLine } from '../text.ts'
import { familiesOf } from './families.ts'
import { type Html, html } from './markup.ts'
import type { Plots } from './plots.ts'

/** Each metric of a measure over the runs of its plan, the newest `most` of them, beside the band of its baseline. */
export function trendFigures(
  { step, metrics = [] }: StepEnded,
  trends: readonly MetricTrend[],
  baseline: Baseline | undefined,
  plots: Plots,
  most: number,
): Html | undefined {
  const figures = familiesOf(metrics).flatMap(({ members }) =>
    members.flatMap(({ record: { name, unit, quantile }, references }) => {
      const trend = trends.find((one) => one.step === step && one.metric === name && one.unit === unit)
      if (trend === undefined || trend.history.length < 2) return []
      const held = baseline?.metrics.find((one) => one.step === step && one.metric === name && one.unit === unit)
      const band = held && bandOf(held.samples, quantile ?? 0.5)
      const history = trend.history.slice(-most)
      const moves = movesIn(trend.history).filter(({ run }) => history.includes(run))
      const from = band && `; baseline ${formatNumber(band.low)} to ${formatNumber(band.high)}, run ${baseline?.run}`
      return [
        html`<figure><figcaption><strong>${oneLine(name)}</strong> <span class="note">${rangeText(history, unit)}${from}${moves.map(moveText)}</span></figcaption>
<div aria-hidden="true">${plots.trend({ history, moves: moves.map(({ run }) => history.indexOf(run)), band, references })}</div></figure>
`,
      ]
    }),
  )
  return figures.length === 0 ? undefined : html`<h4>History, this run last</h4><div class="trends">${figures}</div>`
}

function rangeText(history: MetricTrend['history'], unit: string): string {
  const values = history.map(({ value }) => value)
  const [first, last] = [history[0], history.at(-1)].map((point) => point?.at.slice(0, 10) ?? '')
  const range = `${formatNumber(Math.min(...values))} to ${formatNumber(Math.max(...values))} ${oneLine(unit)}`
  const days = first === last ? first : `${first} to ${last}`
  return `${several(history.length, 'run')}, ${days}: ${range}`
}

function moveText({ run, ratio }: Move): Html {
  const commit = run.commit === undefined ? '' : `, commit ${run.commit.slice(0, 9)}`
  return html`; <strong class="open">moved × ${formatNumber(ratio)}</strong> at run ${run.run}${commit}`
}

function bandOf(samples: readonly number[], q: number) {
  const summary = summarize(samples)
  return quantileInterval(samples, q) ?? (summary && { low: summary.min, high: summary.max })
}
