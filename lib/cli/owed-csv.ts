import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import * as v from 'valibot'
import { cannot, errorCode, messageOf } from '../plan/problem.ts'
import { below } from '../record/below.ts'
import { writeWhole } from '../record/files.ts'
import { standingOf, startOf, thisProcess } from '../record/holder.ts'
import type { Store } from '../record/store.ts'
import { appendCsv } from '../report/append-csv.ts'
import { readRecord } from '../report/results.ts'
import { tellProblem } from './print.ts'

/**
 * The rows that runs of a plan owe to the file of their `--csv`. A run notes the file when it begins and forgets it once its rows stand
 * there, so that a note of a process that is gone tells of a run that was killed before.
 */
export interface OwedCsv {
  note(run: string, file: string): void
  forget(run: string): void
  /** Adds what killed runs owe, but for the run that is about to go on and will add it to `file` itself. */
  settle(resumed: string | undefined, file: string | undefined): void
}

const note = v.object({ file: v.string(), host: v.string(), boot: v.string(), pid: v.number(), started: v.string() })

export function owedCsv(root: string, plan: string, store: Store): OwedCsv {
  const folder = below(root, [plan, '.owed-csv'], 'plan')
  const noteOf = (run: string) => below(folder, [run], 'run')
  const forget = (run: string) => rmSync(noteOf(run), { force: true })
  return {
    note: (run, file) => writeWhole(noteOf(run), JSON.stringify({ file: resolve(file), ...thisProcess() })),
    forget,
    settle(resumed, file) {
      for (const run of existsSync(folder) ? readdirSync(folder) : []) {
        const writer = /\.(\d+)\.tmp$/.exec(run)?.[1]
        if (writer !== undefined) {
          if (startOf(Number(writer)) === undefined) rmSync(join(folder, run), { force: true })
          continue
        }
        try {
          const owed = noteAt(noteOf(run))
          if (owed === undefined) continue
          const own = run === resumed && file !== undefined && resolve(file) === owed.file
          if (own || standingOf(owed) !== 'gone') continue
          if (store.read(plan, run) !== undefined) appendCsv(owed.file, readRecord(store, plan, run))
        } catch (error) {
          tellProblem(error) // once: the journal has the rows, as the sentence says
        }
        forget(run)
      }
    },
  }
}

/** Undefined for one that another process, which settles too, has just forgotten. */
function noteAt(path: string): v.InferOutput<typeof note> | undefined {
  try {
    return v.parse(note, JSON.parse(readFileSync(path, 'utf8')))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    const action = 'add the rows of a killed run'
    throw cannot(action, path, 'as this Assay writes it', messageOf(error), 'Its journal has them: see report.')
  }
}
