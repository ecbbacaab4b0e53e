import type { RunRecord } from '../record/run-record.ts'
import { differences } from '../record/same-results.ts'
import { csvText } from '../report/csv.ts'
import { csvRecords } from '../report/csv-records.ts'
import { differentRows } from './csv-rows.ts'
import { lostResults, type Reading, readingOf, wholeLines } from './journals.ts'
import type { Unsteady } from './unsteady.ts'

/** What was found wrong after a kill, a sentence each; none of any kind is what Assay promises. */
export interface Findings {
  /** It was on record before the kill, and is not after. */
  readonly lost: readonly string[]
  /** It lived on. */
  readonly orphans: readonly string[]
  /** It says that it passed, and did not. */
  readonly falseGreens: readonly string[]
  /** Lines of a journal that its reader refuses. */
  readonly torn: readonly string[]
  /** How the resumed run differs from an unbroken one. */
  readonly wrong: readonly string[]
}

/** What unbroken runs come to. */
export interface Reference {
  readonly exit: number
  readonly record: RunRecord
  readonly unsteady: Unsteady
  /** Names, numbers left out, of the files that such a run leaves in its folder and in that for temporary files. */
  readonly files: ReadonlySet<string>
}

/** What was seen of a killed run and its resume. */
export interface Evidence {
  /** The journal just before the kill, when the killed command was gone, and after the resume. */
  readonly journals: { readonly before: string; readonly killed: string; readonly resumed: string }
  /** Exit codes; undefined: it had to be ended by force. */
  readonly exits: { readonly killed: number | undefined; readonly resumed: number | undefined }
  readonly orphans: readonly string[]
  /** As it lies in the run's folder; undefined: it does not. */
  readonly csv: { readonly killed: string | undefined; readonly resumed: string | undefined }
  readonly files: readonly string[]
  /** Other things that must not be: a port or a lock that is still held. */
  readonly held: readonly string[]
}

export function findingsOf(reference: Reference, evidence: Evidence): Findings {
  const { journals, exits, csv } = evidence
  const before = wholeLines(journals.before)
  const killed = readingOf(journals.killed)
  const resumed = readingOf(journals.resumed)
  const lost = [...lostResults(before, journals.killed), ...lostResults(wholeLines(journals.killed), journals.resumed)]
  return {
    lost: [...new Set(lost)],
    orphans: evidence.orphans,
    falseGreens: [
      ...falseGreens('the killed run', reference, killed, exits.killed, csv.killed),
      ...falseGreens('the resumed run', reference, resumed, exits.resumed, csv.resumed),
    ],
    torn: [...tornLines('after the kill', killed, 'may be torn'), ...tornLines('after the resume', resumed, 'whole')],
    wrong: wrongs(reference, evidence, resumed),
  }
}

function falseGreens(
  what: string,
  { record }: Reference,
  reading: Reading,
  exit: number | undefined,
  csv: string | undefined,
): readonly string[] {
  const found = reading.kind === 'record' ? reading.record : undefined
  const passed = new Set(found?.steps.filter(({ ended }) => ended?.outcome === 'passed').map(({ name }) => name))
  const missing = record.steps.filter(({ name, ended }) => ended?.outcome === 'passed' && !passed.has(name))
  const names = missing.map(({ name }) => name).join(', ')
  const rows = csvRecords(csv ?? '').filter((row) => row.outcome === 'passed')
  const early = rows.map((row) => row.step ?? '').filter((name) => !passed.has(name))
  return [
    ...(exit === 0 && missing.length > 0 ? [`${what} exits 0 without ${names}`] : []),
    ...(exit === 0 && found?.ended === undefined && missing.length === 0 ? [`${what} exits 0 without its end`] : []),
    ...(found?.ended?.outcome === 'passed' && missing.length > 0 ? [`${what} says passed without ${names}`] : []),
    ...[...new Set(early)].map((name) => `results.csv of ${what} says that ${name} passed`),
  ]
}

function tornLines(when: string, reading: Reading, rule: 'may be torn' | 'whole'): readonly string[] {
  if (reading.kind === 'refused') return [`${when}: ${reading.reason}`]
  const torn = rule === 'whole' && reading.kind === 'record' && reading.torn
  return torn ? [`${when} the journal ends in half a line`] : []
}

function wrongs(reference: Reference, { exits, csv, files, held }: Evidence, resumed: Reading): readonly string[] {
  if (exits.resumed === undefined) return ['the resumed run did not end', ...held]
  const exit = exits.resumed === reference.exit ? [] : [`the resumed run exits ${exits.resumed}, not ${reference.exit}`]
  if (resumed.kind !== 'record') return [...exit, 'the resumed run has no record', ...held]
  const { record } = resumed
  return [
    ...(exits.killed === undefined ? ['the killed run did not end'] : []),
    ...exit,
    ...differences(reference.record, record, reference.unsteady.places),
    ...differentRows(reference.record, record, reference.unsteady.rows),
    ...(csv.resumed === undefined ? ['the resumed run left no results.csv'] : []),
    ...(csv.resumed !== undefined && csv.resumed !== csvText([record]) ? ["results.csv is not its journal's"] : []),
    ...leftOver(reference, files),
    ...held,
  ]
}

/** Folder for folder: what lies below a run's or a temporary folder's own comes together. */
function leftOver(reference: Reference, files: readonly string[]): readonly string[] {
  const more = files.filter((path) => !reference.files.has(nameless(path)))
  const folders = new Set(more.map((path) => path.split('/').slice(0, 3).join('/')))
  return [...folders].map((folder) => `it left ${folder}`)
}

/** A path without what is generated in it: digits, and the letters behind the last dash of a temporary folder's name. */
export function nameless(path: string): string {
  return path.replace(/-[A-Za-z0-9]{6}(?=\/|$)/g, '-*').replace(/\d+/g, '0')
}
