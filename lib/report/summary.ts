import type { Outcome } from '../record/event.ts'
import type { RunRecord } from '../record/run-record.ts'

/** How the run ended; `unfinished` when its journal has no end, since it goes on or died. */
export function outcomeOf(record: RunRecord): Outcome | 'unfinished' {
  return record.ended?.outcome ?? 'unfinished'
}

/** The counted last line: `passed · 6 steps, 14 checks · 5.6 s`. */
export function summaryText(record: RunRecord): string {
  return outcomeOf(record)
}

/** `31 ms`, `1.9 s`, `2 min 05 s`, `3 h 07 min`. */
export function formatDuration(seconds: number): string {
  return `${seconds} s`
}

/** `812 B`, `8.1 MB`: powers of ten. */
export function formatBytes(bytes: number): string {
  return `${bytes} B`
}
