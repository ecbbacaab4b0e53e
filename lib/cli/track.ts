import { existsSync, readFileSync } from 'node:fs'
import { cannot, messageOf, Problem } from '../plan/problem.ts'
import { below } from '../record/below.ts'
import type { ResultsFile, ResultsLimits } from '../record/results-place.ts'
import type { OpenTrackingPlace, ShownRun, TrackingPlace } from '../record/tracking-place.ts'
import { formatBytes } from '../report/format.ts'
import { mlflowRun } from '../report/mlflow.ts'
import { readRecord } from '../report/results.ts'
import type { FoundRun } from './find-run.ts'
import { leftFiles } from './left-files.ts'
import { limitsAtEnd } from './named-places.ts'
import { owedRuns } from './owed-runs.ts'
import type { Places } from './places.ts'
import { tellProblem } from './print.ts'
import { trackingPlaces } from './tracking-places.ts'

/** In milliseconds: a server that is down or slow keeps a command from its end no longer. */
const atEnd = { patience: 3000, all: 10_000 }

/** A log may be of any size; what is larger stays here. */
const largest = 20_000_000

/**
 * Has runs shown, at the end of the command that ran them, and those of before that are owed. A place that does not take them is told of
 * in a sentence and changes nothing else: they stay owed.
 */
export async function trackAtEnd(
  places: Places,
  runs: readonly FoundRun[],
  stop: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  try {
    const used = await trackRuns(places, runs, limitsAtEnd(stop, atEnd), say)
    // A variable that is another program's: nothing is owed to anybody.
    if (used.length === 0) for (const one of runs) await owedRuns(places).settle(one, async () => {})
  } catch (error) {
    tellProblem(error)
  }
}

/** Has runs shown, and those that are owed. Throws a Problem at the first that a place does not take, and where no place is named. */
export async function trackAgain(
  places: Places,
  runs: readonly FoundRun[],
  say: (line: string) => void,
): Promise<void> {
  for (const { store, plan, run } of runs)
    if (store.goesOn(plan, run))
      throw cannot('send a run', 'RUN', 'one that has ended', run, 'Wait for it, or stop it.')
  const limits = { signal: new AbortController().signal, patience: 15_000 }
  const used = await trackRuns(places, runs, limits, say)
  if (used.length > 0) return
  const variables = (await trackingPlaces(places)).map(({ variable }) => variable)
  const next = `Set ${variables.join(' or ')}.`
  throw cannot('send a run', '--mlflow', 'used where a variable names a server', 'none', next)
}

/** Returns the places that were named. */
async function trackRuns(
  places: Places,
  runs: readonly FoundRun[],
  limits: ResultsLimits,
  say: (line: string) => void,
): Promise<readonly TrackingPlace[]> {
  const named = (await trackingPlaces(places)).filter(({ variable }) => process.env[variable])
  const owed = owedRuns(places)
  const asked = new Set(runs.map(({ plan, run }) => `${plan}/${run}`))
  const all = [...runs, ...owed.all().filter(({ plan, run }) => !asked.has(`${plan}/${run}`))]
  for (const place of named) {
    const open = place.open(process.env, limits)
    for (const [index, one] of all.entries()) {
      // An older one is no reason for a sentence where only the time is over.
      if (index >= runs.length && limits.signal.aborted) break
      const left = runs.slice(Math.min(index, runs.length - 1)).map(({ run }) => run)
      const shown = await owed.settle(one, () => send(one, place.variable, open, left, places))
      if (shown !== undefined) say(`  ${saying(one, shown, index >= runs.length)}\n`)
    }
  }
  return named
}

function saying({ plan, run }: FoundRun, { kind, where, left }: ShownRun, owed: boolean): string {
  const which = owed ? `${plan}/${run} of before ` : ''
  const how = {
    new: '',
    completed: ' (what was begun before, completed)',
    replaced: ' (in place of what it was before)',
    there: ' (it was there)',
  }
  return `shown: ${which}at ${where}${how[kind]}${left.length > 0 ? `, without ${left.join(', ')}` : ''}`
}

async function send(
  one: FoundRun,
  variable: string,
  place: OpenTrackingPlace,
  left: readonly string[],
  places: Places,
): Promise<ShownRun> {
  const { store, plan, run } = one
  const record = readRecord(store, plan, run)
  const folder = store.pathOf(plan, run)
  const tracked = mlflowRun(record, {
    state: new Bun.CryptoHasher('sha256')
      .update(store.read(plan, run) ?? '')
      .digest('hex')
      .slice(0, 16),
    read: (path) => textOf(folder, path),
  })
  const tooLarge: string[] = []
  try {
    const shown = await place.send(tracked, filesOf(one, tooLarge))
    return { ...shown, left: [...shown.left, ...tooLarge] }
  } catch (error) {
    const ids = left.includes(run) ? left : [run]
    const again = `It is owed: ${places.command('report')} ${ids.join(' ')} --mlflow sends it`
    throw cannot(`show ${plan}`, variable, 'a server that takes runs', `${place.name} (${messageOf(error)})`, again)
  }

  function* filesOf(found: FoundRun, leaving: string[]): Generator<ResultsFile> {
    for (const file of leftFiles(found, record)) {
      if (file.bytes > largest) leaving.push(`${file.path} (${formatBytes(file.bytes)})`)
      else yield file.read()
    }
  }
}

/** Tells this state of a run's journal from any other. */
export function stateOf({ store, plan, run }: FoundRun): string {
  const hash = new Bun.CryptoHasher('sha256').update(store.read(plan, run) ?? '')
  return hash.digest('hex').slice(0, 16)
}

function textOf(folder: string, path: string): string | undefined {
  try {
    const place = below(folder, path.split('/'), 'file of the run')
    return existsSync(place) ? readFileSync(place, 'utf8') : undefined
  } catch (error) {
    if (error instanceof Problem) return undefined // it leads elsewhere: nothing of the run
    throw error
  }
}
