import { expect, test } from 'bun:test'
import type { RunEvent, StepEnded } from '../../../lib/record/event.ts'
import { recordOf } from '../../../lib/record/run-record.ts'
import { csvText } from '../../../lib/report/csv.ts'
import { type Evidence, type Findings, findingsOf, nameless, type Reference } from '../../../lib/torture/judge.ts'
import { unsteadyBefore } from '../../../lib/torture/unsteady.ts'
import { runEnded, started, stepEnded, stepStarted } from '../report/events.ts'

const nodes = [
  ['step', 'upload'],
  ['step', 'train'],
  ['check', 'it learned'],
] as const
const start = started(nodes)
const { event: _, schema: __, ...heading } = start
const upload = stepEnded('upload', 'passed', { output: { keys: ['a'] }, inputs: 'u' })
const train = stepEnded('train', 'passed', { output: 0.97, inputs: 't' })
const check = stepEnded('it learned', 'passed', { findings: [{ name: 'loss', verdict: 'pass' }] })
const killed: readonly RunEvent[] = [start, stepStarted('upload'), upload, stepStarted('train')]
const resumed: readonly RunEvent[] = [
  ...killed,
  { event: 'run-resumed', ...heading },
  { ...upload, reused: true },
  stepStarted('train'),
  train,
  check,
  runEnded('passed'),
]

const text = (events: readonly RunEvent[]) => events.map((event) => `${JSON.stringify(event)}\n`).join('')
const recordFrom = (events: readonly RunEvent[]) => {
  const record = recordOf(events)
  if (record === undefined) throw new Error('No record')
  return record
}
const csvFrom = (events: readonly RunEvent[]) => csvText([recordFrom(events)])

const reference: Reference = {
  exit: 0,
  record: recordFrom([start, upload, train, check, runEnded('passed')]),
  unsteady: { places: new Set(), rows: new Set() },
  files: new Set(['<run>/journal.jsonl', '<run>/steps/00-upload/log.txt'].map(nameless)),
}

const right: Evidence = {
  journals: { before: text(killed.slice(0, 3)), killed: text(killed), resumed: text(resumed) },
  exits: { killed: 137, resumed: 0 },
  orphans: [],
  csv: { killed: undefined, resumed: csvFrom(resumed) },
  files: ['<run>/journal.jsonl', '<run>/steps/07-upload/log.txt'],
  held: [],
}

/** The journal after the resume, and its CSV, with every event changed that `change` changes. */
function resumedAs(change: (event: RunEvent) => RunEvent | undefined): Evidence {
  const events = resumed.flatMap((event, at) => (at < killed.length ? event : (change(event) ?? [])))
  return {
    ...right,
    journals: { ...right.journals, resumed: text(events) },
    csv: { ...right.csv, resumed: csvFrom(events) },
  }
}

const isStep = (event: RunEvent, step: string, kind: RunEvent['event'] = 'step-ended') =>
  event.event === kind && 'step' in event && event.step === step

test('a run that was killed and resumed as it should has no findings', () => {
  expect(findingsOf(reference, right)).toEqual({ lost: [], orphans: [], falseGreens: [], torn: [], wrong: [] })
})

test('what retries hid, and how many samples a measure needed, makes no run another', () => {
  const measured = (n: number, more: Partial<StepEnded>) => {
    const samples = Array.from({ length: n }, () => Math.random())
    const against = { kind: 'metric', name: 'bare', value: Math.random(), high: 2 } as const
    const [value, because] = [samples[0] ?? 0, `about ${n}`]
    const metric = {
      name: 'time',
      unit: 's',
      better: 'lower',
      samples,
      value,
      against,
      verdict: 'pass',
      because,
    } as const
    const warmup = { rounds: n, steady: true, because: 'it was' }
    const sampling = { seed: n, rounds: n, warmup, stopped: 'precise' } as const
    return stepEnded('it learned', 'passed', { metrics: [metric], sampling, ...more })
  }
  const of = (events: readonly RunEvent[], n: number, more: Partial<StepEnded> = {}): readonly RunEvent[] =>
    events.map((event) => (isStep(event, 'it learned') ? measured(n, more) : event))
  const store = { event: 'service', at: start.at, name: 'object store', state: 'stopped', retries: 4 } as const
  const again = [...of(resumed, 12, { attempts: 3 }), store]
  const asked = { ...reference, record: recordFrom(of([start, upload, train, check, runEnded('passed')], 10)) }
  const evidence = {
    ...right,
    journals: { ...right.journals, resumed: text(again) },
    csv: { ...right.csv, resumed: csvFrom(again) },
  }
  expect(csvFrom(again).match(/,retries,1,lower,[24],/g)).toHaveLength(2)
  expect(findingsOf(asked, evidence)).toEqual({ lost: [], orphans: [], falseGreens: [], torn: [], wrong: [] })
})

test.each<[what: string, kind: keyof Findings, evidence: Evidence, sentence: string | RegExp]>([
  [
    'a line that was seen and is not there when the run is dead',
    'lost',
    { ...right, journals: { ...right.journals, killed: text(killed.slice(0, 2)) } },
    'line 3 of the journal is not what it was',
  ],
  [
    'a line that the resume changed',
    'lost',
    { ...right, journals: { ...right.journals, resumed: right.journals.resumed.replace('"a"', '"b"') } },
    'line 3 of the journal is not what it was',
  ],
  [
    'a passed step that ran again',
    'lost',
    resumedAs((event) => (isStep(event, 'upload') ? { ...upload, because: 'its inputs changed' } : event)),
    /^upload: it had passed, and was not reused/,
  ],
  [
    'a reused step with another output',
    'lost',
    resumedAs((event) => (isStep(event, 'upload') ? { ...upload, output: { keys: [] }, reused: true } : event)),
    'upload: it was reused with another output',
  ],
  ['a process that lived on', 'orphans', { ...right, orphans: ['77: sleep 60'] }, '77: sleep 60'],
  [
    'a killed command that exits 0',
    'falseGreens',
    { ...right, exits: { ...right.exits, killed: 0 } },
    'the killed run exits 0 without train, it learned',
  ],
  [
    'a journal that says passed without one of its steps',
    'falseGreens',
    resumedAs((event) => (isStep(event, 'train') ? undefined : event)),
    'the resumed run says passed without train',
  ],
  [
    'results of a killed run that say a step passed which did not',
    'falseGreens',
    { ...right, csv: { ...right.csv, killed: csvFrom(resumed) } },
    'results.csv of the killed run says that train passed',
  ],
  [
    'half a line that is left at the end',
    'torn',
    { ...right, journals: { ...right.journals, resumed: `${right.journals.resumed}{"event` } },
    'after the resume the journal ends in half a line',
  ],
  [
    'half a line that is left in the middle',
    'torn',
    { ...right, journals: { ...right.journals, killed: `${right.journals.before}{"event\n` } },
    /^after the kill: Cannot read a journal/,
  ],
  [
    'an exit code of its own',
    'wrong',
    { ...right, exits: { ...right.exits, resumed: 2 } },
    'the resumed run exits 2, not 0',
  ],
  [
    'an output of its own',
    'wrong',
    resumedAs((event) => (isStep(event, 'train') ? { ...train, output: 0.5 } : event)),
    'train: output: expected 0.97, found 0.5',
  ],
  [
    'a verdict of its own',
    'wrong',
    resumedAs((event) =>
      isStep(event, 'it learned') ? { ...check, findings: [{ name: 'loss', verdict: 'undecided' }] } : event,
    ),
    /^results.csv has .* · loss · .* · undecided · passed/,
  ],
  [
    'a CSV that is not its journal',
    'wrong',
    { ...right, csv: { ...right.csv, resumed: csvFrom(resumed).replace('train', 'brain') } },
    "results.csv is not its journal's",
  ],
  [
    'no CSV',
    'wrong',
    { ...right, csv: { killed: undefined, resumed: undefined } },
    'the resumed run left no results.csv',
  ],
  ['a file that is left', 'wrong', { ...right, files: ['<tmp>/assay-x1/deep/a'] }, 'it left <tmp>/assay-x1/deep'],
  ['a lock that is held', 'wrong', { ...right, held: ['the lock is still held'] }, 'the lock is still held'],
  [
    'a resume that never ends',
    'wrong',
    { ...right, exits: { killed: 137, resumed: undefined } },
    'the resumed run did not end',
  ],
  [
    'a killed run that never ends',
    'wrong',
    { ...right, exits: { killed: undefined, resumed: 0 } },
    'the killed run did not end',
  ],
])('%s is found', (_, kind, evidence, sentence) => {
  const match = typeof sentence === 'string' ? sentence : expect.stringMatching(sentence)
  expect(findingsOf(reference, evidence)[kind]).toContainEqual(match)
})

test('what a step came to before its run was killed is no consequence of the kill, and what came of it after is', () => {
  const other = { ...upload, output: { keys: ['b'] } }
  const journal = text([start, stepStarted('upload'), other, stepStarted('train')])
  const { places } = unsteadyBefore(reference.record, journal)
  expect([...places]).toEqual(['upload: output.keys[]'])
  const wrongOf = (events: Evidence) =>
    findingsOf({ ...reference, unsteady: { places, rows: new Set() } }, events).wrong
  expect(wrongOf(resumedAs((event) => (isStep(event, 'upload') ? { ...other, reused: true } : event)))).toEqual([])
  expect(wrongOf(resumedAs((event) => (isStep(event, 'train') ? { ...train, output: 0.5 } : event)))).toHaveLength(1)
})
