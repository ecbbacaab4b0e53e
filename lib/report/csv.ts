import type { MetricRecord } from '../record/event.ts'
import type { RunRecord } from '../record/run-record.ts'
import { medianInterval } from '../stats/median-interval.ts'
import { summarize } from '../stats/summary.ts'
import { endsOf, type StepEnd } from './ends.ts'

/** The version of the columns and of what they mean. */
export const csvSchema = 1

export const csvColumns = [
  'schema',
  'plan',
  'kind',
  'run',
  'step',
  'params',
  'metric',
  'unit',
  'better',
  'value',
  'n',
  'mean',
  'stdev',
  'min',
  'max',
  'ci_low',
  'ci_high',
  'reference_low',
  'reference_high',
  'baseline',
  'ratio',
  'verdict',
  'outcome',
  'started_at',
  'duration_s',
  'host',
  'cpu',
  'gpu',
  'driver',
  'commit',
  'dirty',
] as const

type Column = (typeof csvColumns)[number]
/** What is absent is an empty cell. */
type Row = Partial<Readonly<Record<Column, string | number | boolean | undefined>>>

/** The first line of every results file. */
export const csvHeader = `${csvColumns.join(',')}\r\n`

/**
 * The header and the rows of `records`: RFC 4180 in UTF-8, each line ending in CRLF. A row is one line whatever names it
 * holds, since control characters in text become spaces; `params` is a JSON object with its names sorted.
 */
export function csvText(records: readonly RunRecord[]): string {
  return csvHeader + records.flatMap(csvRows).join('')
}

/**
 * A run's rows without the header. Of every selected step, check and measure: a row a metric, a row a finding (its name in
 * `metric`, no value), a row `retries` where one hid something, and a row `duration` in seconds, whose value is empty where
 * nothing ran. Of a service a row `retries` alone.
 */
export function csvRows(record: RunRecord): readonly string[] {
  const { heading } = record
  const { host, cpu, gpu, driver, commit, dirty } = heading.environment
  const params = paramsCell(heading.params)
  const common = { schema: csvSchema, plan: heading.plan, kind: heading.kind, run: heading.run, params }
  const machine = { host, cpu, gpu, driver, commit, dirty }
  const begun = new Map(record.services.flatMap(({ name, state, at }) => (state === 'starting' ? [[name, at]] : [])))
  const ofServices = record.services.flatMap(({ name, retries }) =>
    retriesRow({ step: name, started_at: begun.get(name) }, retries),
  )
  return [...endsOf(record).flatMap(rowsOf), ...ofServices].map((row) => line({ ...common, ...row, ...machine }))
}

/** As JSON, with the control characters escaped that JSON lets stand and a cell does not. */
function paramsCell(params: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify(Object.fromEntries(sorted)).replace(
    controls,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

const controls = /[\p{Cc}\u2028\u2029]/gu
const runOfControls = /[\p{Cc}\u2028\u2029]+/gu

function rowsOf({ name, outcome, startedAt, duration, attempts, findings, metrics }: StepEnd): readonly Row[] {
  const step = { step: name, outcome, started_at: startedAt, duration_s: duration }
  const timed = duration === undefined ? { n: 0 } : { ...numbers([duration]), verdict: 'recorded' }
  return [
    ...metrics.map((metric) => ({ ...step, ...metricCells(metric) })),
    ...findings.map(({ name: metric, verdict }) => ({ ...step, metric, verdict })),
    ...retriesRow(step, attempts - 1),
    { ...step, metric: 'duration', unit: 's', better: 'lower', ...timed },
  ]
}

/** How often something was done again until it passed, which no outcome tells. */
function retriesRow(step: Row, retries = 0): readonly Row[] {
  if (retries <= 0) return []
  return [{ ...step, metric: 'retries', unit: '1', better: 'lower', ...numbers([retries]), verdict: 'recorded' }]
}

function metricCells(record: MetricRecord): Row {
  const { name: metric, unit, better, low, high, against, verdict } = record
  const { value, ci_low, ci_high, ...spread } = numbers(record.samples)
  // What the samples alone tell is of their median.
  const ofMedian = record.quantile === undefined ? { value, ci_low, ci_high } : {}
  const judged = {
    ...(record.value !== undefined && { value: record.value }),
    ...(record.interval && { ci_low: record.interval.low, ci_high: record.interval.high }),
  }
  const held = {
    // The bounds of a ratio in the metric's own unit, like any others.
    reference_low: low ?? (against?.low && against.low * against.value),
    reference_high: high ?? (against?.high && against.high * against.value),
    baseline: against?.kind === 'baseline' ? against.value : undefined,
    ratio: record.ratio?.value,
  }
  return { metric, unit, better, ...spread, ...ofMedian, ...judged, ...held, verdict }
}

function numbers(samples: readonly number[]): Row {
  const summary = summarize(samples)
  if (summary === undefined) return { n: 0 }
  const { n, median, mean, stdev, min, max } = summary
  const interval = medianInterval(samples)
  return { value: median, n, mean, stdev, min, max, ci_low: interval?.low, ci_high: interval?.high }
}

function line(row: Row): string {
  return `${csvColumns.map((column) => cell(row[column])).join(',')}\r\n`
}

function cell(value: string | number | boolean | undefined): string {
  if (value === undefined) return ''
  // A mean of huge samples may overflow; an empty cell is one that every reader takes for "no number".
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : ''
  if (typeof value === 'boolean') return String(value)
  if (harmless.test(value)) return value
  const text = neutral(value)
  return /[",;\s]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

// Most cells: nothing to look for in them.
const harmless = /^[A-Za-z0-9][\w.:/-]*$/

// What a spreadsheet skips before it looks for a formula: spaces, what cannot be seen, quotation marks.
const formula = /^[\s\p{C}\p{Pi}\p{Pf}'"`]*[-=+@\u2212]/u

/**
 * A text as a cell that a spreadsheet takes for text: a `'` stands before what would be a formula, in full-width letters
 * too. That `'` can be told from one of the text, since only it is followed by a formula.
 */
function neutral(text: string): string {
  const plain = text.toWellFormed().replace(runOfControls, ' ')
  return formula.test(plain) || formula.test(plain.normalize('NFKC')) ? `'${plain}` : plain
}
