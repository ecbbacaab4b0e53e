import type { RunRecord } from '../record/run-record.ts'

/** How a person calls commands where a run ran, from the one that runs it again. */
export function commandOf({ heading }: RunRecord): string {
  return heading.again.startsWith('bun run ') ? 'bun run' : 'bunx assay'
}

/** What makes the page of a run. */
export function pageCommand(record: RunRecord): string {
  const { again, run } = record.heading
  const dir = / --dir (?:'[^']*'|[\w@%+=:,./-]+)$/.exec(again)?.[0] ?? ''
  return `${commandOf(record)} report ${run} --html report.html${dir}`
}
