import type { Baseline } from '../../record/baseline.ts'
import type { MetricTrend } from '../../record/metric-history.ts'
import type { RunRecord } from '../../record/run-record.ts'
import { endedSteps } from '../ends.ts'
import { formatDuration } from '../format.ts'
import { smallestChangeText } from '../smallest-change.ts'
import { outcomeOf, summaryText } from '../summary.ts'
import { oneLine } from '../text.ts'
import { attention } from './attention.ts'
import { type Beside, fileLink } from './beside.ts'
import { type Around, anchorsOf, type Ended, entry, insideOf } from './entry.ts'
import { mark, toneOf } from './mark.ts'
import { type Html, html } from './markup.ts'
import { metricsTable, samplingText } from './measures.ts'
import { loadPlots, type Plots } from './plots.ts'
import { scheduleOf } from './schedule.ts'
import { style } from './style.ts'
import { surroundings } from './surroundings.ts'
import { timeline } from './timeline.ts'
import { trendFigures } from './trends.ts'

/** What a page is made from: plain records, all of them masked already. */
export interface PageInput {
  readonly record: RunRecord
  /** By step: why each attempt but the last did not pass; see repeats.ts. */
  readonly repeats: ReadonlyMap<string, readonly string[]>
  readonly beside: Beside
  readonly trends?: readonly MetricTrend[] | undefined
  readonly baseline?: Baseline | undefined
}

/**
 * A run as one HTML document that needs no server, no network and no script, and whose links lead to files beside it. It says itself
 * that nothing is to be loaded or run from it, whatever text it shows.
 */
export async function htmlPage(input: PageInput): Promise<string> {
  const { record } = input
  const measures = endedSteps(record).filter(({ ended }) => ended.metrics !== undefined)
  const plots = measures.length === 0 ? undefined : await loadPlots()
  const around: Around = { beside: input.beside, repeats: input.repeats, anchors: anchorsOf(record) }
  const { heading } = record
  const others = endedSteps(record).filter(({ ended }) => ended.metrics === undefined)
  const measured = plots && measuresSection(measures, input, plots, around)
  const when = timeline(scheduleOf(record), around.anchors)
  const each = others.length === 0 ? undefined : stepsSection(others, around)
  const contents = [
    ...(measured ? [['measures', 'Measures']] : []),
    ...(when ? [['timeline', 'Timeline']] : []),
    ...(each ? [['steps', 'Steps and checks']] : []),
    ['where', 'Where it ran'],
  ]
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${outcomeOf(record)} · ${oneLine(heading.plan)} · ${heading.run}</title>
<style>${style}</style>
</head>
<body>
${head(record, input.beside)}
<nav aria-label="sections">${contents.map(([id = '', title = '']) => html`<a href="#${id}">${title}</a>`)}</nav>
<main>
${attention(record, around)}
${measured}
${when}
${each}
${surroundings(record)}
</main>
</body>
</html>
`
  return page.markup
}

function head(record: RunRecord, beside: Beside): Html {
  const { heading, startedAt, resumed, ended } = record
  const outcome = outcomeOf(record)
  const [, ...counts] = summaryText(record).split(' · ')
  const { host, gpu } = heading.environment
  const began = startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')
  const files = ['results.csv', 'junit.xml', 'journal.jsonl', 'log.txt'].filter((name) => beside.files.has(name))
  const goOn = outcome !== 'passed' && record.steps.some((step) => step.passed !== undefined)
  const commands = [['again', heading.again], ...(goOn ? [['go on', `${heading.again} --resume`]] : [])]
  return html`<header>
<p class="note">${oneLine(heading.plan)} · ${heading.kind} plan · run ${heading.run}</p>
<h1>${oneLine(heading.title)}</h1>
<p class="verdict ${toneOf(outcome)}">${mark(outcome)} <strong>${outcome}</strong> <span>${counts.join(' · ')}</span></p>
<p class="note"><time datetime="${startedAt}">${began}</time>${ended ? `, for ${formatDuration(ended.duration)}` : ''}${resumed > 0 ? ` · resumed ${resumed === 1 ? 'once' : `${resumed} times`}` : ''} · on ${oneLine(host)}${gpu === undefined ? '' : ` · ${oneLine(gpu)}`}${files.map((name) => html` · ${fileLink(beside, name, name)}`)}</p>
<dl class="commands">${commands.map(([word, command]) => html`<div><dt>${word}</dt><dd><code>${oneLine(command ?? '')}</code></dd></div>`)}</dl>
</header>`
}

function stepsSection(steps: readonly Ended[], around: Around): Html {
  return html`<section aria-labelledby="steps"><h2 id="steps">Steps and checks</h2>
${steps.map((step) => entry(step, around))}</section>`
}

/** Of all metrics together, so that a page stays small: samples that are drawn, and runs of histories. */
const mostDrawn = 7000
const mostRuns = 1000

function measuresSection(
  measures: readonly Ended[],
  { record, trends = [], baseline, beside }: PageInput,
  plots: Plots,
  around: Around,
): Html {
  const metrics = measures.reduce((sum, { ended }) => sum + (ended.metrics?.length ?? 0), 0)
  const most = Math.min(200, Math.max(30, Math.floor(mostDrawn / metrics)))
  const runs = Math.min(60, Math.max(10, Math.floor(mostRuns / metrics)))
  const showing = { plots, most, beside, detectable: record.heading.environment.detectable }
  const least = smallestChangeText(record)
  return html`<section aria-labelledby="measures"><h2 id="measures">Measures</h2>
<p class="note">Each dot is a sample, the first at the top. Below them the value and the interval that holds the true one nineteen times in twenty; dashed, the reference. The least change is the smallest that these samples could have shown on that machine.</p>
${least && html`<p class="note">${`${least.charAt(0).toUpperCase()}${least.slice(1)}.`}</p>`}
${measures.map((step) => {
  const { name, ended } = step
  return html`<article id="${around.anchors.get(name) ?? ''}"><h3>${mark(ended.outcome)} ${oneLine(name)} <span class="time">${ended.reused ? 'reused' : formatDuration(ended.duration)}</span></h3>
${ended.sampling && samplingText(ended.sampling)}
${metricsTable(ended.metrics ?? [], showing)}
${trendFigures(ended, trends, baseline, plots, runs)}
<details><summary>Log, artifacts and needs</summary><div class="inside">${insideOf(step, around)}</div></details></article>
`
})}</section>`
}
