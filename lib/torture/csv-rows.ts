import type { RunRecord } from '../record/run-record.ts'
import { csvText } from '../report/csv.ts'

/** The rows of a CSV text (RFC 4180) by their columns; a last line without its end is left out. */
export function csvRecords(text: string): readonly Readonly<Record<string, string>>[] {
  const rows: string[][] = []
  let row: string[] = []
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n)/g)) {
    row.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
    if (end !== ',') {
      rows.push(row)
      row = []
    }
  }
  const [header = [], ...records] = rows
  return records.map((cells) => Object.fromEntries(header.map((name, index) => [name, cells[index] ?? ''])))
}

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
  const rows = csvRecords(csvText([record])).filter(({ step = '' }) => steps?.has(step) ?? true)
  return rows.map((row) => steadyColumns.map((column) => row[column]).join(' · '))
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
