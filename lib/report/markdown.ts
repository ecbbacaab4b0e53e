import type { MetricRecord } from '../record/event.ts'
import type { RunRecord, StepRecord } from '../record/run-record.ts'
import { sentenceOf } from '../run/perform.ts'
import { endedSteps } from './ends.ts'
import { formatDuration, formatNumber, several } from './format.ts'
import { memberOf } from './html/families.ts'
import { signOf } from './html/mark.ts'
import { shownWith } from './html/number.ts'
import { smallestChangeText } from './smallest-change.ts'
import { outcomeOf, summaryText } from './summary.ts'
import { linesOf, oneLine } from './text.ts'

/**
 * A run as Markdown, for a ticket or the summary of a CI job: a line on what it came to, a table with a row a step (status, duration,
 * notes), and the command that runs it again. Whatever names and notes hold is shown as it is, in the dialect of GitHub too.
 */
export function markdown(record: RunRecord): string {
  const { heading, startedAt } = record
  const { host, gpu, driver, commit, dirty } = heading.environment
  const card = gpu === undefined ? '' : ` · ${oneLine(gpu)}${driver === undefined ? '' : `, ${oneLine(driver)}`}`
  const code = commit === undefined ? '' : ` · commit ${commit}${dirty ? ', with changes' : ''}`
  const rows = endedSteps(record).map((step) => `| ${cellsOf(step).join(' | ')} |\n`)
  const reasons = linesOf(record.ended?.reason ?? '').map((line) => `${escaped(line)}\n\n`)
  const least = linesOf(smallestChangeText(record) ?? '').map((line) => `${escaped(line)}\n\n`)
  return `## ${signOf(outcomeOf(record))} ${escaped(`${heading.plan}: ${oneLine(heading.title)}`)}

${escaped(summaryText(record))}

${reasons.join('')}| step | status | duration | notes |
| --- | --- | ---: | --- |
${rows.join('')}
${least.join('')}Again: ${codeSpan(oneLine(heading.again))}

${escaped(`Run ${heading.run} · ${startedAt} · ${oneLine(host)}${card}${code}`)}
`
}

type Ended = ReturnType<typeof endedSteps>[number]

function cellsOf(step: Ended): readonly string[] {
  const { name, ended } = step
  const time = ended.reused ? 'reused' : ended.attempts === 0 ? '' : formatDuration(ended.duration)
  return [
    escaped(oneLine(name)),
    `${signOf(ended.outcome)} ${ended.outcome}`,
    time,
    notesOf(step).map(noteText).join('<br>'),
  ]
}

const mostNotes = 10
const longestNote = 300

function notesOf({ kind, ended }: Ended): readonly string[] {
  const { outcome, reason = '', attempts, findings, metrics } = ended
  const open = findings?.filter(({ verdict }) => verdict !== 'pass').map(sentenceOf)
  const counted = findings === undefined ? [] : [several(findings.length, 'check')]
  const told = outcome === 'passed' || open !== undefined || metrics !== undefined ? [] : linesOf(reason).slice(0, 1)
  const notes = [...counted, ...(open ?? []), ...(metrics ?? []).map(metricNote), ...told]
  const more = notes.length - mostNotes
  return [
    ...notes.slice(0, mostNotes),
    ...(more > 0 ? [`… and ${more} more`] : []),
    ...(attempts > 1 ? [`${attempts} attempts`] : []),
    ...(kind === 'measure' ? disturbedNote(ended) : []),
  ]
}

function metricNote(metric: MetricRecord): string {
  const { value, interval } = memberOf(metric)
  const { name, unit, samples, verdict, because } = metric
  const shown = value !== undefined && interval && shownWith(value, interval.low, interval.high)
  const found = shown
    ? `${shown.value} ${unit} (${shown.low} – ${shown.high})`
    : `${value === undefined ? '–' : formatNumber(value)} ${unit}`
  const why = because === undefined || verdict === 'pass' || verdict === 'recorded' ? '' : `, ${because}`
  return `${name} ${found}, n ${samples.length}: ${verdict}${why}`
}

function disturbedNote({ sampling }: NonNullable<StepRecord['ended']>): readonly string[] {
  const count = sampling?.disturbances?.length ?? 0
  return count === 0 ? [] : [several(count, 'disturbance')]
}

function noteText(note: string): string {
  const line = oneLine(note)
  return escaped(line.length > longestNote ? `${line.slice(0, longestNote)}…` : line)
}

/** Text that Markdown takes for nothing but text, in a cell of a table too. */
function escaped(text: string): string {
  return text.toWellFormed().replace(/[\\`*_{}[\]<>#|~!&$]/g, '\\$&')
}

/** Between as many backticks as nothing in it has in a row. */
function codeSpan(text: string): string {
  const fence = '`'.repeat(1 + Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length)))
  return `${fence} ${text} ${fence}`
}
