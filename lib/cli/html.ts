import { existsSync, realpathSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { Problem, sentence } from '../plan/problem.ts'
import { fileBaselines } from '../record/baseline-files.ts'
import { writeWhole } from '../record/files.ts'
import { readJournal } from '../record/journal.ts'
import { paramsKey } from '../record/run-digest.ts'
import { type RunRecord, recordOf } from '../record/run-record.ts'
import { address } from '../report/html/markup.ts'
import { htmlPage, type PageInput } from '../report/html/page.ts'
import { repeatsOf } from '../report/html/repeats.ts'
import { besideOf } from './beside.ts'
import type { FoundRun } from './find-run.ts'
import { indexed } from './indexed.ts'
import type { Output } from './output.ts'
import type { Places } from './places.ts'
import { writing } from './writing.ts'

/** Writes a run as a page to `file`, `-` for stdout; its links lead from there to the run's folder. Throws a Problem where it cannot. */
export async function writeHtml(places: Places, found: FoundRun, file: string, output: Output): Promise<void> {
  const page = await pageOf(places, found, file === '-' ? process.cwd() : dirname(resolve(file)), output.people.write)
  if (file === '-') {
    output.stdout.write(page)
    return
  }
  writing(file, () => writeWhole(file, page))
  output.people.write(`Wrote ${file}\n`)
}

/** The page of a run as its journal tells it, to lie in `from`. */
async function pageOf(
  places: Places,
  { store, plan, run }: FoundRun,
  from: string,
  tell: (line: string) => void,
): Promise<string> {
  const folder = store.pathOf(plan, run)
  const path = join(folder, 'journal.jsonl')
  const events = readJournal(store.read(plan, run) ?? '', path)
  const record = recordOf(events)
  if (record === undefined) throw new Problem(sentence('read a run', 'run', `one with a journal (${path})`, run))
  const beside = besideOf(record, folder, addressFrom(from, folder))
  return htmlPage({ record, repeats: repeatsOf(events), beside, ...numbersBefore(places, record, tell) })
}

const mostRuns = 60

/** What a run's numbers are seen beside; nothing for a run that measured nothing, which need not wait for the index. */
function numbersBefore(
  places: Places,
  { heading, steps }: RunRecord,
  tell: (line: string) => void,
): Pick<PageInput, 'trends' | 'baseline'> {
  if (steps.every(({ ended }) => ended?.metrics === undefined)) return {}
  const { plan, run, params, environment } = heading
  const { trends } = indexed(places, tell, (index) => index.trends(plan, { run, limit: mostRuns }))
  const { machine } = environment
  if (machine === undefined) return { trends }
  return { trends, baseline: fileBaselines(places.runs).find(plan, machine, paramsKey(params)) }
}

/** The way from one folder to another, by their real places: either may be reached through a link. */
function addressFrom(from: string, to: string): string {
  const way = relative(existsSync(from) ? realpathSync(from) : from, realpathSync(to))
  return way === '' ? '' : address('', `${way.split(sep).join('/')}/`)
}
