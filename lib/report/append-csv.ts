import type { RunRecord } from '../record/run-record.ts'
import { csvRows } from './csv.ts'

/**
 * Adds a run's rows to the file at `path`, which several processes may do at once. Throws a Problem for a file of another
 * schema or header, for what is not a file, and when it cannot be written; what stood in it stays.
 */
export function appendCsv(path: string, record: RunRecord): void {
  throw new Error(`Internal error: cannot append to ${path} yet ${csvRows(record)}`)
}
