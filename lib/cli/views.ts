import { writeWhole } from '../record/files.ts'
import type { RunRecord } from '../record/run-record.ts'
import { appendCsv, refuseUnappendable } from '../report/append-csv.ts'
import { csvRows, csvText } from '../report/csv.ts'
import { junitXml } from '../report/junit.ts'
import type { Output } from './output.ts'
import { refuseUnwritable, writing } from './writing.ts'

export interface ViewFlags {
  readonly csv?: string | undefined
  readonly junit?: string | undefined
}

/** The views that several runs of one command go into together. */
export interface SharedViews {
  /** Takes a run; `again` when nothing ran, so that it stands in the file already. */
  add(record: RunRecord, kind: 'ran' | 'again'): void
  /** Writes what needs all of them. */
  end(): void
}

/**
 * `--csv FILE` gets a run's rows when it ends; `--junit` is one document, so it is written with the last. Throws a Problem at
 * once for a file that could not take them, so that the mistake costs no run.
 */
export function sharedViews({ csv, junit }: ViewFlags, { stdout }: Output): SharedViews {
  if (csv !== undefined && csv !== '-') refuseUnappendable(csv)
  if (junit !== undefined && junit !== '-') refuseUnwritable(junit, '--junit')
  const records: RunRecord[] = []
  return {
    add(record, kind) {
      if (csv === '-') stdout.write(records.length === 0 ? csvText([record]) : csvRows(record))
      else if (csv !== undefined && kind === 'ran') appendCsv(csv, record)
      records.push(record)
    },
    end() {
      if (junit !== undefined && records.length > 0) {
        if (junit === '-') stdout.write(junitXml(records))
        else writing(junit, () => writeWhole(junit, junitXml(records)))
      }
    },
  }
}
