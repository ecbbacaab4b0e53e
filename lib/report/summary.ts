import type { Outcome } from '../record/event.ts'
import { countsOf, type RunRecord } from '../record/run-record.ts'
import { endedSteps } from './ends.ts'
import { formatDuration, several } from './format.ts'

/** How the run ended; `unfinished` when its journal has no end, since it goes on or died. */
export function outcomeOf(record: RunRecord): Outcome | 'unfinished' {
  return record.ended?.outcome ?? 'unfinished'
}

/**
 * The counted last line: `failed · 6 steps (1 errored, 2 skipped), 14 checks (1 undecided) · 5.6 s`. Each number counts
 * all of its kind, those that passed too; `marginal` and `undecided` of measures count metrics, of which one may have several.
 */
export function summaryText(record: RunRecord): string {
  const ended = endedSteps(record)
  const { steps, checks, measures } = countsOf(ended)
  const reused = ended.filter(({ kind, ended }) => kind === 'step' && ended.reused).length
  const { marginal, undecided, ...measured } = measures
  const counts = [
    counted('step', steps, { reused }),
    counted('check', checks, {}),
    counted('measure', measured, { marginal, undecided }),
  ]
  const duration = record.ended && formatDuration(record.ended.duration)
  return [outcomeOf(record), counts.filter(Boolean).join(', '), duration].filter(Boolean).join(' · ')
}

/** `3 checks (1 failed)`; empty where there are none. */
function counted(
  word: string,
  parts: Readonly<Record<string, number>>,
  beside: Readonly<Record<string, number>>,
): string {
  const total = Object.values(parts).reduce((sum, count) => sum + count, 0)
  if (total === 0) return ''
  const apart = Object.entries({ ...parts, ...beside }).filter(([name, count]) => name !== 'passed' && count > 0)
  const brackets = apart.map(([name, count]) => `${count} ${name}`).join(', ')
  return `${several(total, word)}${brackets && ` (${brackets})`}`
}
