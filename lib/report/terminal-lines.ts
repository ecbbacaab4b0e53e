import type { FindingRecord, Outcome, ServiceEvent, StepEnded } from '../record/event.ts'
import type { StepRecord } from '../record/run-record.ts'
import { sentenceOf } from '../run/perform.ts'
import { formatDuration, several } from './format.ts'
import { metricLines, samplingWords } from './metric-lines.ts'
import { type Page, type Row, rowLines, under } from './page.ts'
import { linesOf, oneLine } from './text.ts'

const marks: Readonly<Record<Outcome, Pick<Row, 'mark' | 'style'>>> = {
  passed: { mark: '✓', style: 'green' },
  failed: { mark: '✗', style: 'red' },
  errored: { mark: '!', style: 'red' },
  aborted: { mark: '!', style: 'yellow' },
  skipped: { mark: '–', style: 'dim' },
}

/** What is known of a step beside its end. */
export interface StepNotes {
  readonly kind: StepRecord['kind']
  /** The last it said of its progress. */
  readonly progress: string
  /** Why it ran, where that is to be said. */
  readonly because: string | undefined
  /** The last lines it logged. */
  readonly tail: readonly string[]
  /** Where its log is, if it has one. */
  readonly log: string | undefined
}

/** A step that ended: its line, and what there is to say under it. */
export function endedLines(ended: StepEnded, notes: StepNotes, page: Page): readonly string[] {
  const words = wordsOf(ended, notes)
  const row = { ...marks[ended.outcome], name: oneLine(ended.step), words, right: rightOf(ended, notes) }
  const because = notes.because === undefined ? [] : under(`because ${oneLine(notes.because)}`, page, '', 'dim')
  return [
    ...rowLines(row, page),
    ...because,
    ...openFindings(ended.findings ?? [], page),
    ...metricLines(ended, page),
    ...wrongLines(ended, notes, page),
  ]
}

function wordsOf(
  { outcome, reason = '', findings, metrics, sampling, attempts }: StepEnded,
  { progress }: StepNotes,
): string {
  if (outcome === 'skipped') return oneLine(reason)
  const did = findings ? findingsWords(findings) : metrics ? samplingWords(sampling) : oneLine(progress)
  return [did, outcome === 'aborted' && 'aborted', attempts > 1 && `${attempts} attempts`].filter(Boolean).join(' · ')
}

function rightOf({ outcome, reused, duration }: StepEnded, { kind }: StepNotes): string {
  if (reused) return 'reused'
  // Checks judge what is there already: how long that took is worth a word only when it is long.
  if (outcome === 'skipped' || (kind === 'check' && duration < 1)) return ''
  return formatDuration(duration)
}

function findingsWords(findings: readonly FindingRecord[]): string {
  const count = (verdict: FindingRecord['verdict']) => findings.filter((finding) => finding.verdict === verdict).length
  const failed = count('fail')
  const undecided = count('undecided')
  const judged =
    failed > 0 ? `${failed} of ${several(findings.length, 'check')} failed` : several(findings.length, 'check')
  return undecided > 0 ? `${judged}, ${undecided} undecided` : judged
}

const mostFindings = 20

function openFindings(findings: readonly FindingRecord[], page: Page): readonly string[] {
  const open = findings.filter(({ verdict }) => verdict !== 'pass')
  const shown = open.slice(0, mostFindings).flatMap((finding) => {
    const undecided = finding.verdict === 'undecided'
    const lead = undecided ? page.paint('yellow', '? ') : page.paint('red', '✗ ')
    return under(oneLine(sentenceOf(finding)), page, lead)
  })
  const more = open.length - mostFindings
  return more > 0 ? [...shown, ...under(`… and ${more} more`, page, '', 'dim')] : shown
}

const mostFrames = 3

function wrongLines(
  { outcome, reason = '', stack, findings, metrics }: StepEnded,
  notes: StepNotes,
  page: Page,
): readonly string[] {
  // What findings and metrics say of themselves is not said again.
  if (outcome === 'passed' || outcome === 'skipped' || (findings ?? metrics) !== undefined) return []
  const [first = outcome, ...said] = linesOf(reason)
  const frames = linesOf(stack ?? '').filter((line) => /^\s*at /.test(line))
  const bar = page.paint('dim', '│ ')
  return [
    ...under(first, page),
    ...frames.slice(0, mostFrames).flatMap((frame) => under(frame.trim(), page, '', 'dim')),
    // What a program said last is in the reason already, when it was the program that failed.
    ...(said.length > 0 || outcome === 'aborted' ? said : notes.tail.map(oneLine)).flatMap((line) =>
      under(line, page, bar),
    ),
    ...(notes.log !== undefined ? under(`log: ${notes.log}`, page, '', 'dim') : []),
  ]
}

/** A service that is up, that found nothing to be, or that is not; nothing for what nobody waits for. */
export function serviceLines(
  { name, state, detail = '', reason = '', absent, duration }: ServiceEvent,
  page: Page,
): readonly string[] {
  if (state === 'starting' || state === 'stopped') return []
  const right = duration === undefined ? '' : formatDuration(duration)
  const row = { name: oneLine(name), words: oneLine(detail), right }
  if (state === 'ready') return rowLines({ ...marks[absent ? 'skipped' : 'passed'], ...row }, page)
  return [...rowLines({ ...marks.errored, ...row }, page), ...linesOf(reason).flatMap((line) => under(line, page))]
}
