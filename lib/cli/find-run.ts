import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { didYouMean } from '../plan/did-you-mean.ts'
import { cannot } from '../plan/problem.ts'
import { fileStore } from '../record/files.ts'
import type { Store } from '../record/store.ts'
import type { Places } from './places.ts'

export interface FoundRun {
  readonly store: Store
  readonly plan: string
  readonly run: string
}

/**
 * The run that `given` names: an id, a unique beginning of one, either behind `PLAN/`, or the path of its folder or journal. `plan`
 * narrows ids to one plan. Throws a Problem for none and for several.
 */
export function findRun(places: Places, given: string, plan?: string): FoundRun {
  const action = 'find a run'
  const store = fileStore(places.runs)
  const [named = '', id = '', ...more] = given.split('/')
  if (id !== '' && more.length === 0 && !existsSync(given) && store.plans().includes(named))
    return findRun(places, id, named)
  if (given.includes('/') || existsSync(given)) return atPath(given)
  const runs = allRuns(store, plan)
  const found = runs.filter(({ run }) => run === given || run.startsWith(given))
  const exact = found.find(({ run }) => run === given)
  const [first, second] = found
  if (exact !== undefined) return exact
  if (first === undefined)
    throw cannot(
      action,
      'RUN',
      `a run in ${places.runs}`,
      given,
      didYouMean(given, runs.map(({ run }) => run).reverse()),
    )
  if (second !== undefined)
    throw cannot(
      action,
      'RUN',
      'the beginning of one run',
      given,
      `It may be: ${found.map(({ run }) => run).join(', ')}`,
    )
  return first
}

/** The newest run of all plans; undefined when there is none. */
export function latestRun(places: Places): FoundRun | undefined {
  const newestFirst = allRuns(fileStore(places.runs)).sort((a, b) => (a.run < b.run ? 1 : -1))
  return newestFirst.find(({ store, plan, run }) => hasBegun(store, plan, run))
}

/** The id of the plan's newest run; undefined when there is none. */
export function newestRun(store: Store, plan: string): string | undefined {
  return store.runs(plan).findLast((run) => hasBegun(store, plan, run))
}

/** Of a run that was killed, or stopped by a full disk, at its first line there is nothing to show and nothing to go on with. */
function hasBegun(store: Store, plan: string, run: string): boolean {
  return store.lastLine(plan, run) !== undefined
}

function allRuns(store: Store, plan?: string): FoundRun[] {
  const plans = plan === undefined ? store.plans() : [plan]
  return plans.flatMap((plan) => store.runs(plan).map((run) => ({ store, plan, run })))
}

/** A path is a person's own choice, also of a link; what is behind it is named by its real place. */
function atPath(given: string): FoundRun {
  const folder = given.replace(/\/journal\.jsonl$/, '')
  if (!existsSync(join(folder, 'journal.jsonl')))
    throw cannot('find a run', 'RUN', 'a folder with a journal.jsonl', given)
  const path = realpathSync(folder)
  return { store: fileStore(dirname(dirname(path))), plan: basename(dirname(path)), run: basename(path) }
}
