import { noBaseline } from '../record/baseline.ts'
import type { RunRecord } from '../record/run-record.ts'
import { outcomeOf } from './summary.ts'

/** How a person calls commands where a run ran, from the one that runs it again. */
export function commandOf({ heading }: RunRecord): string {
  return heading.again.startsWith('bun run ') ? 'bun run' : 'bunx assay'
}

/** What makes the page of a run. */
export function pageCommand(record: RunRecord): string {
  return `${commandOf(record)} report ${record.heading.run} --html report.html${dirOf(record)}`
}

/** What has later runs held against this one; undefined where there is a baseline, none is asked for, or this is none to hold them against. */
export function baselineCommand(record: RunRecord): string | undefined {
  const lacking = record.steps.some(({ ended }) => ended?.metrics?.some(({ because }) => because === noBaseline))
  if (!lacking || outcomeOf(record) !== 'passed') return undefined
  return `${commandOf(record)} baseline set ${record.heading.run}${dirOf(record)}`
}

function dirOf({ heading: { again } }: RunRecord): string {
  return / --dir (?:'[^']*'|[\w@%+=:,./-]+)$/.exec(again)?.[0] ?? ''
}
