import { cannot } from '../plan/problem.ts'
import { loadDefault } from './load.ts'
import type { Places } from './places.ts'
import { taskFiles } from './task-files.ts'

/** A place that a variable asks for, which something in `tasks/` knows how to reach. */
export interface NamedPlace {
  readonly variable: string
}

/** Everything of a kind that tasks bring: the default exports of `tasks/<subject>/<name><ending>`. */
export async function allPlaces<P>(
  places: Places,
  { ending, what, is }: { readonly ending: string; readonly what: string; is(value: unknown): value is P },
): Promise<readonly P[]> {
  const found: P[] = []
  for (const [name, path] of taskFiles(places, ending)) {
    const place = await loadDefault(path, `load the ${what} ${name}`, places)
    if (!is(place)) throw cannot(`load ${path}`, 'the default export', `a ${what}`, typeof place)
    found.push(place)
  }
  return found
}

/** What there must be of a place. */
export function isNamedPlace(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'variable' in value && 'open' in value
}

/** How long the end of a command may wait for a place: for one answer, and in all. */
export interface EndLimits {
  readonly patience: number
  readonly all: number
}

/** When somebody waits for that end. */
const interrupted: EndLimits = { patience: 1000, all: 1000 }

/** The limits of what is sent at the end of a command: `usual`, unless it was interrupted. */
export function limitsAtEnd(stop: AbortSignal, usual: EndLimits) {
  const { patience, all } = stop.aborted ? interrupted : usual
  const late = AbortSignal.timeout(all)
  // What stopped the runs is no reason to give up what they came to.
  return { signal: stop.aborted ? late : AbortSignal.any([late, stop]), patience }
}
