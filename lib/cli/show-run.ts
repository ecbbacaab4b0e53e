import { join } from 'node:path'
import { readJournal } from '../record/journal.ts'
import { readRecord } from '../report/results.ts'
import { summaryText } from '../report/summary.ts'
import { terminalView } from '../report/terminal.ts'
import type { FoundRun } from './find-run.ts'
import { shownPath } from './shown-path.ts'

export interface Page {
  write(text: string): void
  readonly color: boolean
  columns(): number
  readonly explain: boolean
}

/** Shows a run as it was shown when it ran, from its journal. Throws a Problem for a damaged one. */
export function showRun({ store, plan, run }: FoundRun, { write, color, columns, explain }: Page): void {
  const view = terminalView({
    write,
    isTTY: false, // it has happened: there is nothing to redraw
    color,
    columns,
    verbose: false,
    explain,
    pathOf: (plan, run) => shownPath(store.pathOf(plan, run)),
  })
  const record = readRecord(store, plan, run)
  const path = join(store.pathOf(plan, run), 'journal.jsonl')
  for (const event of readJournal(store.read(plan, run) ?? '', path)) view.observe(event)
  view.close()
  if (record.ended === undefined) write(`  ${summaryText(record)}\n`)
}
