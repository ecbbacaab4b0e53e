import { readdirSync, readFileSync, statSync } from 'node:fs'
import { below } from '../record/below.ts'
import { wholeLength } from '../record/journal.ts'
import type { ResultsFile } from '../record/results-place.ts'
import type { RunRecord } from '../record/run-record.ts'
import { csvText } from '../report/csv.ts'
import { junitXml } from '../report/junit.ts'
import { resultFiles } from '../report/results.ts'
import type { FoundRun } from './find-run.ts'

/** A file of what a run left, not read yet. */
export interface LeftFile {
  readonly path: string
  readonly bytes: number
  read(): ResultsFile
}

const types: Readonly<Record<string, string>> = {
  csv: 'text/csv; charset=utf-8',
  html: 'text/html; charset=utf-8',
  jsonl: 'application/x-ndjson',
  xml: 'application/xml',
}

/**
 * What is sent of a run: its journal, its log, the samples of its measures and the views that lie in its folder, of which those that
 * every run has are made anew; the rows last, so that who finds them finds the rest. Artifacts of steps stay here: they may be large, and
 * nobody has masked them.
 */
export function* leftFiles({ store, plan, run }: FoundRun, record: RunRecord): Generator<LeftFile> {
  const folder = store.pathOf(plan, run)
  const journal = store.read(plan, run) ?? ''
  const raw = record.steps.flatMap(({ ended }) => ended?.metrics?.flatMap((metric) => metric.raw ?? []) ?? [])
  const made: Readonly<Record<string, () => string>> = {
    'journal.jsonl': () => journal.slice(0, wholeLength(journal)),
    'junit.xml': () => junitXml([record]),
    'results.csv': () => csvText([record]),
  }
  const others = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isFile() && !(entry.name in made) && !entry.name.endsWith('.tmp') ? [entry.name] : [],
  )
  for (const path of ['journal.jsonl', ...others, ...new Set(raw), ...resultFiles.toReversed()]) {
    const type = types[path.split('.').at(-1) ?? ''] ?? 'text/plain; charset=utf-8'
    const text = made[path]
    if (text !== undefined) {
      const content = Buffer.from(text())
      yield { path, bytes: content.length, read: () => ({ path, type, content }) }
    } else {
      const place = below(folder, path.split('/'), 'file of the run')
      yield { path, bytes: statSync(place).size, read: () => ({ path, type, content: readFileSync(place) }) }
    }
  }
}
