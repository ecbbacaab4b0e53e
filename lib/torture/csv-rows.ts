import type { RunRecord } from '../record/run-record.ts'
import { csvText } from '../report/csv.ts'
import { csvRecords } from '../report/csv-records.ts'

/** The rows that only one of two runs has in its results, a sentence each, but for those that are known to differ. */
export function differentRows(
  reference: RunRecord,
  record: RunRecord,
  unsteady: ReadonlySet<string>,
): readonly string[] {
  const [expected, found] = [steadyRows(reference), steadyRows(record)]
  const known = (row: string) => unsteady.has(row)
  return [
    ...without(expected, found)
      .filter((row) => !known(row))
      .map((row) => `results.csv lacks ${row}`),
    ...without(found, expected)
      .filter((row) => !known(row))
      .map((row) => `results.csv has ${row}`),
  ]
}

/** The rows of these steps that only one of two runs has. */
export function unsteadyRows(one: RunRecord, other: RunRecord, steps: ReadonlySet<string>): readonly string[] {
  const [rows, others] = [steadyRows(one, steps), steadyRows(other, steps)]
  return [...without(rows, others), ...without(others, rows)]
}

/** What of a row another run of the same plan has too: not its id, times, durations, measured values, nor the state of the checkout. */
const steadyColumns = [
  'schema',
  'plan',
  'kind',
  'step',
  'params',
  'metric',
  'unit',
  'better',
  'n',
  'reference_low',
  'reference_high',
  'verdict',
  'outcome',
  'host',
  'cpu',
  'gpu',
  'driver',
]

function steadyRows(record: RunRecord, steps?: ReadonlySet<string>): readonly string[] {
  const rows = csvRecords(csvText([steady(record)])).filter(({ step = '' }) => steps?.has(step) ?? true)
  return rows.map((row) => steadyColumns.map((column) => row[column]).join(' · '))
}

/**
 * A record whose rows another run of the plan has as well: without what retries hid, the number of samples of a measure that
 * took as many as it needed, and the bounds of a ratio, which go with what it is held against.
 */
function steady(record: RunRecord): RunRecord {
  const steps = record.steps.map((step) => {
    const { ended } = step
    if (ended === undefined) return step
    const fixed = ended.sampling === undefined || ended.sampling.stopped === 'fixed'
    const metrics = ended.metrics?.map(({ against, samples, ...metric }) => ({
      ...metric,
      samples: fixed ? samples : [],
      ...(against?.kind === 'baseline' && { against }),
    }))
    return { ...step, ended: { ...ended, metrics, attempts: Math.min(ended.attempts, 1) } }
  })
  return { ...record, steps, services: [] }
}

/** The items of `list` that `other` does not have as often. */
function without(list: readonly string[], other: readonly string[]): readonly string[] {
  const left = [...other]
  return list.filter((item) => {
    const at = left.indexOf(item)
    if (at !== -1) left.splice(at, 1)
    return at === -1
  })
}
