import type { Environment, MetricRecord, SamplingRecord } from '../../record/event.ts'
import type { Interval } from '../../stats/interval.ts'
import { formatNumber, several } from '../format.ts'
import { changeOf, percent } from '../smallest-change.ts'
import { oneLine } from '../text.ts'
import { type Beside, fileLink } from './beside.ts'
import { type Family, familiesOf, type Member, thinned } from './families.ts'
import { badge, caution } from './mark.ts'
import { type Html, html } from './markup.ts'
import { shownWith } from './number.ts'
import type { Plots } from './plots.ts'

/** What metrics are shown with. */
export interface Showing {
  readonly plots: Plots
  /** How many samples of a metric are drawn. */
  readonly most: number
  readonly beside: Beside
  readonly detectable: Environment['detectable']
}

/** A table of a measure's metrics, each with its samples drawn on an axis that variants share. */
export function metricsTable(metrics: readonly MetricRecord[], showing: Showing): Html {
  const families = familiesOf(metrics)
  return html`<table class="metrics">
<thead><tr><th scope="col">metric</th><th scope="col" class="number">value</th><th scope="col" class="number">interval</th><th scope="col" class="number">n</th><th scope="col" class="number">least change</th><th scope="col">reference</th><th scope="col">verdict</th><th scope="col">samples</th></tr></thead>
${families.map((family) => familyRows(family, showing))}
</table>
${rawLinks(metrics, showing.beside)}`
}

function familyRows(family: Family, showing: Showing): Html {
  const varied = family.members.some(({ record }) => record.variant !== undefined)
  const head = html`<tr class="family"><th scope="rowgroup" colspan="8">${oneLine(family.name)} <small>${betterText(family)}</small></th></tr>`
  const rows = family.members.map((member, index) => {
    const name = varied
      ? html`${oneLine(member.record.variant ?? member.record.name)}`
      : html`${oneLine(family.name)}<small>${betterText(family)}</small>`
    const domain = family.domain && { ...family.domain, axis: index === family.members.length - 1 }
    return memberRows(name, member, domain, showing)
  })
  return html`<tbody${varied ? html` class="variants"` : undefined}>${varied ? head : undefined}${rows}</tbody>`
}

function betterText({ better }: Family): string {
  return `${better} is better`
}

function memberRows(
  name: Html,
  { record, value, interval, references }: Member,
  domain: (Interval & { readonly axis: boolean }) | undefined,
  { plots, most, detectable }: Showing,
): Html {
  const samples = thinned(record.samples, most)
  const shown = value !== undefined && interval && shownWith(value, interval.low, interval.high)
  const strip =
    domain && value !== undefined && plots.strip({ samples, value, interval, references, domain, axis: domain.axis })
  const notes = notesOf(record, samples.length)
  const what = record.quantile === undefined ? undefined : html`<small>${quantileText(record.quantile)}</small>`
  return html`<tr><th scope="row">${name}${what}</th><td class="number value">${value === undefined ? '–' : html`<strong>${shown ? shown.value : formatNumber(value)}</strong> ${oneLine(record.unit)}`}</td><td class="number">${shown ? `${shown.low} – ${shown.high}` : '–'}${levelText(record)}</td><td class="number">${record.samples.length}</td><td class="number">${changeText(changeOf(record, detectable))}</td><td>${referenceText(record)}</td><td>${badge(record.verdict)}</td><td class="strip" aria-hidden="true">${strip || undefined}</td></tr>
${notes.length === 0 ? undefined : html`<tr class="notes"><td colspan="8">${notes.map((note) => html`<p>${note}</p>`)}</td></tr>`}`
}

/** Where it is not the usual one. */
function levelText({ interval }: MetricRecord): Html | undefined {
  return interval === undefined || interval.level === 0.95
    ? undefined
    : html`<small>at ${percent(interval.level)}</small>`
}

function quantileText(q: number): string {
  return `${Number((q * 100).toPrecision(6))}th percentile`
}

/** So few samples say nothing of a change beyond tenfold. */
function changeText(change: number): string {
  return change < 10 ? percent(change) : '–'
}

/** `≥ 40 img/s`, `≤ 1.2 × baseline 3.1 s: 1.03 (1.01 – 1.05)`. */
function referenceText({ low, high, unit, against, ratio, verdict, because = 'none' }: MetricRecord): Html {
  const own = boundsText(low, high)
  const bounds = own === '' ? undefined : html`<span>${own} ${oneLine(unit)}</span>`
  const none = verdict === 'recorded' ? because : 'none'
  if (against === undefined) return bounds ?? html`<span class="dim">${oneLine(none)}</span>`
  const name = against.kind === 'baseline' ? 'baseline' : oneLine(against.name)
  const factor = against.kind === 'baseline' && against.low !== undefined && formatNumber(1 / against.low)
  const times = factor && factor !== '1' ? `≥ 1/${factor}` : boundsText(against.low, against.high)
  const shown = ratio && shownWith(ratio.value, ratio.low, ratio.high)
  const found = shown && html`<small>is ${shown.value} × (${shown.low} – ${shown.high})</small>`
  return html`${bounds}<span>${times} × ${name} <small>${formatNumber(against.value)} ${oneLine(unit)}</small></span>${found}`
}

function boundsText(low: number | undefined, high: number | undefined): string {
  return [low !== undefined && `≥ ${formatNumber(low)}`, high !== undefined && `≤ ${formatNumber(high)}`]
    .filter(Boolean)
    .join(' and ')
}

function notesOf({ samples, verdict, because, needed, warnings = [] }: MetricRecord, drawn: number): readonly Html[] {
  // Of a pass its numbers say it all, and why there was no verdict stands in the place of the reference.
  const why = because === undefined || verdict === 'pass' || verdict === 'recorded' ? [] : [html`${oneLine(because)}`]
  return [
    ...why,
    ...(needed === undefined ? [] : [html`About ${several(needed, 'sample')} would have decided it.`]),
    ...warnings.map(({ kind, text }) => html`${caution} ${oneLine(kind)}: ${oneLine(text)}`),
    ...(drawn < samples.length ? [html`${drawn} of ${samples.length} samples are drawn.`] : []),
  ]
}

/** Links to the files that have every sample of the metrics. */
function rawLinks(metrics: readonly MetricRecord[], beside: Beside): Html | undefined {
  const files = [...new Set(metrics.flatMap(({ raw }) => raw ?? []))]
  if (files.length === 0) return undefined
  const links = files.map((file, index) => html`${index > 0 ? ', ' : ''}${fileLink(beside, file, oneLine(file))}`)
  return html`<p class="note">Every sample: ${links}</p>`
}

const stops: Readonly<Record<SamplingRecord['stopped'], string>> = {
  fixed: 'as many as asked',
  precise: 'until every interval was tight enough',
  decided: 'until every reference was decided',
  budget: 'until the budget was spent',
  most: 'as many as it may take',
}

/** How a measure's samples were taken. */
export function samplingText({ rounds, warmup, batch, stopped, seed, disturbances = [] }: SamplingRecord): Html {
  const warm = warmup.rounds === 0 ? 'no warm-up' : `${several(warmup.rounds, 'round')} of warm-up`
  const batches = Object.entries(batch ?? {}).filter(([, operations]) => operations > 1)
  const batched = batches.map(([variant, operations]) => `${oneLine(variant)}: ${operations}`).join(', ')
  const told = disturbances.map(({ kind, text }) => html`<li>${caution} ${oneLine(kind)}: ${oneLine(text)}</li>`)
  return html`<p class="note">${several(rounds, 'round')}, ${stops[stopped]} · ${warm} (${oneLine(warmup.because)})${batched === '' ? '' : ` · operations a sample: ${batched}`} · order by seed ${seed}</p>
${told.length === 0 ? undefined : html`<ul class="plain">${told}</ul>`}`
}
