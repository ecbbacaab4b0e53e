import { messageOf } from '../plan/problem.ts'
import type { StepEnded } from '../record/event.ts'
import { readJournal } from '../record/journal.ts'
import { type RunRecord, recordOf } from '../record/run-record.ts'

/** A journal's text as it was found. */
export type Reading =
  | { readonly kind: 'none' }
  | { readonly kind: 'record'; readonly record: RunRecord; readonly torn: boolean }
  | { readonly kind: 'refused'; readonly reason: string }

/** Reads a journal as Assay would. */
export function readingOf(text: string): Reading {
  try {
    const record = recordOf(readJournal(text, 'journal.jsonl'))
    return record === undefined ? { kind: 'none' } : { kind: 'record', record, torn: !text.endsWith('\n') }
  } catch (error) {
    return { kind: 'refused', reason: messageOf(error) }
  }
}

/** The text up to the end of its last whole line. */
export function wholeLines(text: string): string {
  return text.slice(0, text.lastIndexOf('\n') + 1)
}

/**
 * What of `before`, the journal's whole lines at an earlier moment, is not as it was in `now`: a line that is gone or
 * changed, a passed step that was not reused, a reused one with another output. A sentence each.
 */
export function lostResults(before: string, now: string): readonly string[] {
  if (!now.startsWith(before)) {
    const at = before.split('\n').findIndex((line, index) => now.split('\n')[index] !== line)
    return [`line ${at + 1} of the journal is not what it was`]
  }
  const [then, after] = [readingOf(before), readingOf(now)]
  if (then.kind !== 'record' || after.kind !== 'record') return []
  const found = new Map(after.record.steps.map((step) => [step.name, step]))
  return then.record.steps.flatMap(({ name, kind, passed }) => {
    // A check is judged again, and an output that held a secret was never kept.
    if (passed === undefined || kind === 'check' || passed.inputs === undefined) return []
    const step = found.get(name)
    if (step?.passed === undefined) return [`${name}: it had passed, and is not there any more`]
    if (after.record.resumed === then.record.resumed) return []
    if (step.ended?.reused !== true)
      return [`${name}: it had passed, and was not reused (${step.because ?? step.ended?.reason ?? 'it says not why'})`]
    return sameOutput(passed, step.ended) ? [] : [`${name}: it was reused with another output`]
  })
}

function sameOutput(one: StepEnded, other: StepEnded): boolean {
  return Bun.deepEquals([one.output, one.metrics], [other.output, other.metrics], true)
}
