import type { MetricRecord, SamplingRecord, StepEnded, Verdict } from '../record/event.ts'
import { quantile } from '../stats/quantile.ts'
import { formatNumber, several } from './format.ts'
import { type Page, type Row, under } from './page.ts'
import { oneLine, pad, widthOf } from './text.ts'

const marks: Readonly<Record<Verdict, Pick<Row, 'mark' | 'style'>>> = {
  pass: { mark: '✓', style: 'green' },
  fail: { mark: '✗', style: 'red' },
  marginal: { mark: '~', style: 'yellow' },
  undecided: { mark: '?', style: 'yellow' },
  recorded: { mark: '·', style: 'dim' },
}

/** `12 rounds after 5 to warm up, the budget spent`; of an older record, which does not say, nothing. */
export function samplingWords(sampling: SamplingRecord | undefined): string {
  if (sampling === undefined) return ''
  const { rounds, warmup, stopped } = sampling
  const before = warmup.rounds > 0 ? ` after ${warmup.rounds} to warm up` : ''
  const spent = { budget: ', the budget spent', most: ', as many as there may be', fixed: '', precise: '', decided: '' }
  return `${several(rounds, 'round')}${before}${spent[stopped]}`
}

/**
 * A line a metric, in columns, and under it why it did not pass; then why others were held against nothing, what speaks against believing
 * the samples, a line a kind, and what the machine did meanwhile.
 */
export function metricLines({ metrics = [], sampling }: StepEnded, page: Page): readonly string[] {
  const rows = metrics.map((metric) => ({ metric, cells: cellsOf(metric) }))
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map(({ cells }) => widthOf(cells[column] ?? ''))))
  const filled = (cells: readonly string[]) =>
    cells.flatMap((cell, column) => (widths[column] ? [pad(cell, widths[column])] : [])).join('  ')
  const warning = (text: string) => under(oneLine(text), page, `${page.paint('yellow', '!')} `)
  return [
    ...rows.flatMap(({ metric: { verdict, because }, cells }) => {
      const { mark, style } = marks[verdict]
      const told = verdict !== 'pass' && verdict !== 'recorded' && because !== undefined
      const reason = told ? under(oneLine(because), page, '  ', 'dim') : []
      return [...under(`${filled(cells)}  ${verdict}`, page, `${page.paint(style, mark)} `), ...reason]
    }),
    ...unjudged(metrics).flatMap((text) => under(oneLine(text), page, '  ', 'dim')),
    ...warningsOf(metrics).flatMap(warning),
    ...(sampling?.disturbances ?? []).flatMap(({ text }) => warning(`meanwhile, on this machine: ${text}`)),
  ]
}

/** `time[1], time[2]: there is no baseline yet`: why what has a reference was held against none, each reason once. */
function unjudged(metrics: readonly MetricRecord[]): readonly string[] {
  const recorded = metrics.filter(({ verdict, because }) => verdict === 'recorded' && because !== undefined)
  const reasons = Map.groupBy(recorded, ({ because }) => because)
  return [...reasons].map(([because, those]) => `${namesOf(those.map(({ name }) => name))}: ${because}`)
}

const mostNames = 4

function namesOf(names: readonly string[]): string {
  const more = names.length - mostNames
  return `${names.slice(0, mostNames).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** `drift (time[1], time[2] and 3 more): the samples rise …`: each kind once, in the words of the first metric that has it. */
function warningsOf(metrics: readonly MetricRecord[]): readonly string[] {
  const kinds = new Map<string, { readonly text: string; readonly names: string[] }>()
  for (const { name, warnings = [] } of metrics)
    for (const { kind, text } of warnings) {
      const known = kinds.get(kind) ?? { text, names: [] }
      kinds.set(kind, known)
      known.names.push(name)
    }
  return [...kinds].map(([kind, { text, names }]) => `${kind} (${namesOf(names)}): ${text}`)
}

/** Name, value, interval, number of samples. */
function cellsOf({ name, unit, samples, value, interval, quantile: q }: MetricRecord): readonly string[] {
  const shown = value ?? quantile(samples, q ?? 0.5)
  return [
    oneLine(name),
    `${Number.isFinite(shown) ? formatNumber(shown) : '?'} ${oneLine(unit)}`,
    interval === undefined ? '' : `${formatNumber(interval.low)} to ${formatNumber(interval.high)}`,
    `n ${samples.length}`,
  ]
}
