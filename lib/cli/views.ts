import { hostname } from 'node:os'
import { writeWhole } from '../record/files.ts'
import type { RunRecord } from '../record/run-record.ts'
import { appendCsv, refuseUnappendable } from '../report/append-csv.ts'
import { csvHeader, csvRows } from '../report/csv.ts'
import { type Absent, junitXml } from '../report/junit.ts'
import type { Output } from './output.ts'
import { refuseUnwritable, writing } from './writing.ts'

export interface ViewFlags {
  readonly csv?: string | undefined
  readonly junit?: string | undefined
}

/** The views that several runs of one command go into together. */
export interface SharedViews {
  /** A run has begun, or goes on. */
  begun(plan: string, run: string): void
  /** Takes a run, also one of which nothing ran now: what stands of it already is not added again. */
  add(record: RunRecord): void
  /** Takes a plan that has no run to show, and why. */
  absent(plan: string, reason: string): void
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
  const runs: (RunRecord | Absent)[] = []
  let header = csvHeader
  return {
    begun() {},
    add(record) {
      if (csv === '-') {
        stdout.write(header + csvRows(record).join(''))
        header = ''
      }
      if (csv !== undefined && csv !== '-') appendCsv(csv, record)
      runs.push(record)
    },
    absent(plan, reason) {
      runs.push({ plan, reason, at: new Date().toISOString(), host: hostname() })
    },
    end() {
      if (junit !== undefined && runs.length > 0) {
        if (junit === '-') stdout.write(junitXml(runs))
        else writing(junit, () => writeWhole(junit, junitXml(runs)))
      }
    },
  }
}
