import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { below } from '../record/below.ts'
import { writeWhole } from '../record/files.ts'
import type { Store } from '../record/store.ts'
import { appendCsv } from '../report/append-csv.ts'
import { readRecord } from '../report/results.ts'
import { tellProblem } from './print.ts'

/**
 * The rows that runs of a plan owe to the file of their `--csv`. A run notes the file when it begins and forgets it once its rows stand
 * there, so that whoever finds the note of a run that is gone finds one that was killed before.
 */
export interface OwedCsv {
  note(run: string, file: string): void
  forget(run: string): void
  /** Adds what killed runs owe, but for the run that is about to go on and will add it to `file` itself. */
  settle(resumed: string | undefined, file: string | undefined): void
}

export function owedCsv(root: string, plan: string, store: Store): OwedCsv {
  const folder = below(root, [plan, '.owed-csv'], 'plan')
  const noteOf = (run: string) => below(folder, [run], 'run')
  const forget = (run: string) => rmSync(noteOf(run), { force: true })
  return {
    note: (run, file) => writeWhole(noteOf(run), resolve(file)),
    forget,
    settle(resumed, file) {
      for (const run of existsSync(folder) ? readdirSync(folder) : []) {
        if (run.endsWith('.tmp') || store.goesOn(plan, run)) continue
        const owedTo = readFileSync(noteOf(run), 'utf8')
        if (run === resumed && file !== undefined && resolve(file) === owedTo) continue
        try {
          if (store.read(plan, run) !== undefined) appendCsv(owedTo, readRecord(store, plan, run))
        } catch (error) {
          tellProblem(error) // once: the journal has the rows, as the sentence says
        }
        forget(run)
      }
    },
  }
}
