import { cannot, messageOf } from '../plan/problem.ts'
import type { OpenResultsPlace, ResultsLimits, ResultsPlace } from '../record/results-place.ts'
import { formatBytes, several } from '../report/format.ts'
import { readRecord } from '../report/results.ts'
import type { FoundRun } from './find-run.ts'
import { leftFiles } from './left-files.ts'
import { allPlaces, isNamedPlace, limitsAtEnd } from './named-places.ts'
import type { Places } from './places.ts'
import { tellProblem } from './print.ts'

/** Every place for results that there is. */
function resultsPlaces(places: Places): Promise<readonly ResultsPlace[]> {
  return allPlaces(places, { ending: '.results.ts', what: 'place for results', is: isPlace })
}

function isPlace(value: unknown): value is ResultsPlace {
  return isNamedPlace(value)
}

/** In milliseconds. */
const atEnd = { patience: 3000, all: 20_000 }

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
  try {
    await sendRuns(places, runs, limitsAtEnd(stop, atEnd), say)
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
  const { store, plan, run } = one
  let [count, bytes] = [0, 0]
  // One at a time in memory: a log may be large.
  for (const left of leftFiles(one, readRecord(store, plan, run))) {
    const file = left.read()
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
