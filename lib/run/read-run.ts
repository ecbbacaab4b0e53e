import { Problem, sentence } from '../plan/problem.ts'
import { readJournal } from '../record/journal.ts'
import { type Draft, recordOf } from '../record/run-record.ts'
import type { Store } from '../record/store.ts'

/** The run that is to be gone on with, as its journal tells it. Throws a Problem where there is none, or one of another run. */
export function readRun(store: Store, plan: string, run: string): Draft {
  const path = store.pathOf(plan, run)
  const text = store.read(plan, run)
  const record = text === undefined ? undefined : recordOf(readJournal(text, `${path}/journal.jsonl`))
  if (record === undefined) throw new Problem(sentence('resume', 'run', `one with a journal (${path})`, run))
  const { heading } = record
  if (heading.plan !== plan || heading.run !== run)
    throw new Problem(
      sentence('resume', 'run', `the one of its journal, ${heading.plan}/${heading.run}`, `${plan}/${run}`),
    )
  return record
}
