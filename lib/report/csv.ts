import type { RunRecord } from '../record/run-record.ts'

/** The header and the rows of `records`, as RFC 4180 has it: each line ends in CRLF. */
export function csvText(records: readonly RunRecord[]): string {
  return records.map(csvRows).join('')
}

/** A run's rows without the header. */
export function csvRows(record: RunRecord): string {
  throw new Error(`Internal error: no view of ${record.heading.run} yet`)
}
