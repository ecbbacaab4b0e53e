import { join } from 'node:path'
import { readJournal } from '../record/journal.ts'
import type { RunRecord } from '../record/run-record.ts'
import { type Page as Layout, painter } from '../report/page.ts'
import { readRecord } from '../report/results.ts'
import { summaryText } from '../report/summary.ts'
import { terminalView } from '../report/terminal.ts'
import { oneLine, widthOf } from '../report/text.ts'
import { unendedLines } from '../report/unended-lines.ts'
import { type FoundRun, newestRun } from './find-run.ts'
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
  if (record.ended !== undefined) return
  const goesOn = store.goesOn(plan, run)
  const unended = explain ? unendedLines(record, goesOn, pageOf(record, columns(), color)) : []
  const others = newestRun(store, plan) === run ? '' : ` --run ${run}`
  const goOn = goesOn ? [] : [`  go on: ${oneLine(record.heading.again)} --resume${others}`]
  write([...unended, `  ${summaryText(record)}`, ...goOn].map((line) => `${line}\n`).join(''))
}

function pageOf({ heading }: RunRecord, columns: number, color: boolean): Layout {
  const longest = heading.nodes.reduce((longest, { name }) => Math.max(longest, widthOf(oneLine(name))), 0)
  return { columns, names: Math.min(longest, 50, Math.floor(columns / 2)), cut: false, paint: painter(color) }
}
