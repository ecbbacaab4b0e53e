import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Problem, sentence } from '../plan/problem.ts'
import { writeWhole } from '../record/files.ts'
import { startOf } from '../record/holder.ts'
import { readJournal } from '../record/journal.ts'
import { type RunRecord, recordOf } from '../record/run-record.ts'
import type { Store } from '../record/store.ts'
import { csvText } from './csv.ts'
import { junitXml } from './junit.ts'

/** A run as its journal tells it; throws a Problem where there is none, or a damaged one. */
export function readRecord(store: Store, plan: string, run: string): RunRecord {
  const path = join(store.pathOf(plan, run), 'journal.jsonl')
  const text = store.read(plan, run)
  const record = text === undefined ? undefined : recordOf(readJournal(text, path))
  if (record === undefined) throw new Problem(sentence('read a run', 'run', `one with a journal (${path})`, run))
  return record
}

/** The views that every run leaves in its folder. */
export const resultFiles = ['results.csv', 'junit.xml'] as const

/**
 * Writes `results.csv` and `junit.xml` into the run's folder, each whole or not at all. They are made from the journal as
 * it stands on disk, where no secret is, and not from what is in memory.
 */
export function writeResults(store: Store, plan: string, run: string): void {
  const record = readRecord(store, plan, run)
  const folder = store.pathOf(plan, run)
  writeWhole(join(folder, 'results.csv'), csvText([record]))
  writeWhole(join(folder, 'junit.xml'), junitXml([record]))
  for (const name of readdirSync(folder)) {
    const [, pid] = /^(?:results\.csv|junit\.xml)\.(\d+)\.tmp$/.exec(name) ?? []
    // Of a process that was killed as it wrote.
    if (pid !== undefined && startOf(Number(pid)) === undefined) rmSync(join(folder, name), { force: true })
  }
}
