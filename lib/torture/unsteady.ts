import type { RunRecord } from '../record/run-record.ts'
import { type Place, unsteadyPlaces } from '../record/same-results.ts'
import { unsteadyRows } from './csv-rows.ts'
import { readingOf } from './journals.ts'

/** What is not the same in all unbroken runs, so that no kill is to blame for it. */
export interface Unsteady {
  readonly places: ReadonlySet<Place>
  /** Of results.csv. */
  readonly rows: ReadonlySet<string>
}

/** What is not the same in these unbroken runs. */
export function unsteadyIn(runs: readonly RunRecord[]): Unsteady {
  const [first, ...others] = runs
  if (first === undefined) return { places: new Set(), rows: new Set() }
  const steps = new Set(first.steps.map(({ name }) => name))
  return { places: unsteadyPlaces(runs), rows: new Set(others.flatMap((other) => unsteadyRows(first, other, steps))) }
}

/**
 * What is not the same in an unbroken run and in the steps that had passed in another when it was killed, as its journal just before
 * says: nothing had broken those yet, and there are far more of them than of unbroken runs.
 */
export function unsteadyBefore(reference: RunRecord, journal: string): Unsteady {
  const reading = readingOf(journal)
  if (reading.kind !== 'record') return { places: new Set(), rows: new Set() }
  const passed = reading.record.steps.filter(({ passed }) => passed !== undefined).map(({ name }) => name)
  const parts = passed.flatMap((name) => ['output', 'findings', 'metrics'].map((part) => `${name}: ${part}`))
  const places = [...unsteadyPlaces([reference, reading.record])]
  return {
    places: new Set(places.filter((place) => parts.some((part) => place.startsWith(part)))),
    rows: new Set(unsteadyRows(reference, reading.record, new Set(passed))),
  }
}

/** What is unsteady by one or the other. */
export function either(one: Unsteady, other: Unsteady): Unsteady {
  return { places: one.places.union(other.places), rows: one.rows.union(other.rows) }
}
