import { expect } from 'bun:test'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { RunIndex, TrendQuery } from '../../../lib/record/index-queries.ts'
import { withRunIndex } from '../../../lib/record/run-index.ts'
import { type JournalOptions, journalText } from './measured-journal.ts'

const made: string[] = []
/** Removes every place that was made. */
export function removePlaces(): void {
  for (const folder of made.splice(0)) {
    chmodSync(folder, 0o755)
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A folder of runs with an index beside it. */
export function place() {
  const folder = mkdtempSync(join(tmpdir(), 'assay-index-'))
  made.push(folder)
  const runs = join(folder, 'runs')
  const file = join(folder, '.assay/history.sqlite')
  const told: string[] = []
  const journal = (plan: string, run: string) => join(runs, plan, run, 'journal.jsonl')
  return {
    folder,
    file,
    told,
    journal,
    put(plan: string, run: string, options: Partial<JournalOptions> = {}) {
      mkdirSync(dirname(journal(plan, run)), { recursive: true })
      writeFileSync(journal(plan, run), journalText({ plan, run, ...options }))
    },
    ask: <T>(use: (index: RunIndex) => T) => withRunIndex({ runs, file, tell: (text) => told.push(text) }, use),
  }
}

type Place = ReturnType<typeof place>

export const runsOf = ({ ask }: Place, plan = 'p') =>
  ask((index) => index.runs(plan).map(({ run, outcome }) => `${run} ${outcome ?? 'no end'}`))

/** `step metric: values`. */
export const trendsOf = ({ ask }: Place, query: Partial<TrendQuery> = {}) =>
  ask((index) => index.trends('p', { limit: 100, ...query })).trends.map(
    ({ step, metric, history }) => `${step} ${metric}: ${history.map(({ value }) => value).join(' ')}`,
  )

/** What is told of an index that was made anew. */
export const anew = (why: string, journals: number) =>
  expect.stringMatching(
    new RegExp(`^The index of runs was made anew, as ${why}: ${journals} journals were read in \\d+\\.\\d s$`),
  )
