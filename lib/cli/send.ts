import { readdirSync, readFileSync } from 'node:fs'
import { cannot, messageOf } from '../plan/problem.ts'
import { below } from '../record/below.ts'
import { wholeLength } from '../record/journal.ts'
import type { OpenResultsPlace, ResultsFile, ResultsLimits, ResultsPlace } from '../record/results-place.ts'
import { csvText } from '../report/csv.ts'
import { formatBytes, several } from '../report/format.ts'
import { junitXml } from '../report/junit.ts'
import { readRecord, resultFiles } from '../report/results.ts'
import type { FoundRun } from './find-run.ts'
import { loadDefault } from './load.ts'
import type { Places } from './places.ts'
import { tellProblem } from './print.ts'
import { taskFiles } from './task-files.ts'

/** Every place for results that there is. */
async function resultsPlaces(places: Places): Promise<readonly ResultsPlace[]> {
  const found: ResultsPlace[] = []
  for (const [name, path] of taskFiles(places, '.results.ts')) {
    const place = await loadDefault(path, `load the place for results ${name}`, places)
    if (!isPlace(place)) throw cannot(`load ${path}`, 'the default export', 'a place for results', typeof place)
    found.push(place)
  }
  return found
}

function isPlace(value: unknown): value is ResultsPlace {
  return typeof value === 'object' && value !== null && 'variable' in value && 'open' in value
}

/** How long the end of a command may wait for a place: for one answer, and in all; and when somebody waits for that end. */
const background = { patience: 3000, all: 20_000 }
const interrupted = { patience: 1000, all: 1000 }

/**
 * Stores what runs left, at the end of the command that ran them, and says so. A place that does not take them is told of in a sentence
 * and changes nothing else.
 */
export async function sendAtEnd(
  places: Places,
  runs: readonly FoundRun[],
  stop: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  const { patience, all } = stop.aborted ? interrupted : background
  const late = AbortSignal.timeout(all)
  // What stopped the runs is no reason to give up what they came to.
  const signal = stop.aborted ? late : AbortSignal.any([late, stop])
  try {
    await sendRuns(places, runs, { signal, patience }, say)
  } catch (error) {
    tellProblem(error)
  }
}

/** Stores what runs left, and says so. Throws a Problem at the first file that a place does not take, and where none is named. */
export async function sendAgain(places: Places, runs: readonly FoundRun[], say: (line: string) => void): Promise<void> {
  const sent = await sendRuns(places, runs, { signal: new AbortController().signal, patience: 15_000 }, say)
  if (sent.length > 0) return
  const variables = (await resultsPlaces(places)).map(({ variable }) => variable)
  throw cannot(
    'store results',
    '--send',
    'used where a variable names a place',
    'none',
    `Set ${variables.join(' or ')}.`,
  )
}

/** Returns the places that were named. */
async function sendRuns(
  places: Places,
  runs: readonly FoundRun[],
  limits: ResultsLimits,
  say: (line: string) => void,
): Promise<readonly ResultsPlace[]> {
  const named = (await resultsPlaces(places)).filter(({ variable }) => process.env[variable])
  for (const place of named) {
    const open = place.open(process.env, limits)
    for (const [index, run] of runs.entries()) {
      const left = runs.slice(index).map(({ run }) => run)
      const again = `Send them again: ${places.command('report')} ${left.join(' ')} --send`
      say(`  stored: ${await send(run, place.variable, open, again)}\n`)
    }
  }
  return named
}

/** Stores what the run left under `plan/run/`; returns where, and how much. */
async function send(one: FoundRun, variable: string, place: OpenResultsPlace, again: string): Promise<string> {
  const { plan, run } = one
  let [count, bytes] = [0, 0]
  // One at a time in memory: a log may be large.
  for (const file of filesOf(one)) {
    try {
      await place.put({ ...file, path: `${plan}/${run}/${file.path}` })
    } catch (error) {
      const found = `${place.name} (${messageOf(error)})`
      throw cannot(`store the results of ${plan}`, variable, 'a place that takes them', found, again)
    }
    count += 1
    bytes += file.content.length
  }
  return `${several(count, 'file')}, ${formatBytes(bytes)}, under ${plan}/${run}/ in ${place.name}`
}

const types: Readonly<Record<string, string>> = {
  csv: 'text/csv; charset=utf-8',
  html: 'text/html; charset=utf-8',
  jsonl: 'application/x-ndjson',
  xml: 'application/xml',
}

/**
 * What is stored of a run: its journal, its log, the samples of its measures and the views that lie in its folder, of which those that
 * every run has are made anew; the rows last, so that who finds them finds the rest. Artifacts of steps stay here: they may be large, and
 * nobody has masked them.
 */
function* filesOf({ store, plan, run }: FoundRun): Generator<ResultsFile> {
  const record = readRecord(store, plan, run)
  const folder = store.pathOf(plan, run)
  const journal = store.read(plan, run) ?? ''
  const raw = record.steps.flatMap(({ ended }) => ended?.metrics?.flatMap((metric) => metric.raw ?? []) ?? [])
  const made: Readonly<Record<string, string>> = {
    'journal.jsonl': journal.slice(0, wholeLength(journal)),
    'junit.xml': junitXml([record]),
    'results.csv': csvText([record]),
  }
  const others = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isFile() && !(entry.name in made) && !entry.name.endsWith('.tmp') ? [entry.name] : [],
  )
  const names = ['journal.jsonl', ...others, ...new Set(raw), ...resultFiles.toReversed()]
  for (const path of names) {
    const text = made[path]
    const content =
      text === undefined ? readFileSync(below(folder, path.split('/'), 'file of the run')) : Buffer.from(text)
    yield { path, content, type: types[path.split('.').at(-1) ?? ''] ?? 'text/plain; charset=utf-8' }
  }
}
