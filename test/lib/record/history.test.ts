import { afterAll, describe, expect, test } from 'bun:test'
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { timesBetween, timetableOf } from '../../../lib/plan/schedule.ts'
import { type HistoryEntry, historyOf, missedTimes } from '../../../lib/record/history.ts'
import { memoryStore } from '../../../lib/record/memory.ts'
import { noteRefusal, readRefusals } from '../../../lib/record/refused.ts'
import { digestOf } from '../../../lib/record/run-digest.ts'
import { runId, startOfRun } from '../../../lib/record/run-id.ts'
import type { Store } from '../../../lib/record/store.ts'

const folder = mkdtempSync(join(tmpdir(), 'assay-history-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a run’s id tells when it began, to the millisecond', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('2020-01-01'), max: new Date('2099-01-01'), noInvalidDate: true }), (at) => {
      expect(startOfRun(runId(at, Math.random))).toEqual(at)
    }),
  )
  for (const other of ['gc', '20261121', '20261121-071602', '20261399-071602-k3x9', '20261121-071602-zzzz'])
    expect(startOfRun(other)).toBeUndefined()
})

describe('refusals', () => {
  test('are read back in order, past a line that is none', () => {
    const plan = join(folder, 'plan')
    expect(readRefusals(plan)).toEqual([])
    noteRefusal(plan, { at: '2026-11-21T02:30:00.000Z', holder: 'r-1' })
    appendFileSync(join(plan, 'refused.jsonl'), '{"schema":2,"at":1}\n{"sch\n')
    noteRefusal(plan, { at: '2026-11-22T02:30:00.000Z' })
    expect(readRefusals(plan)).toEqual([
      { at: '2026-11-21T02:30:00.000Z', holder: 'r-1' },
      { at: '2026-11-22T02:30:00.000Z' },
    ])
    expect(readFileSync(join(plan, 'refused.jsonl'), 'utf8')).toEndWith('\n')
  })
})

/** The runs of a plan as an index would have them. */
const runsOf = (store: Store, plan: string) =>
  store.runs(plan).map((run) => ({ run, ...digestOf(store.read(plan, run) ?? '') }))

const said = ({ at, ...entry }: HistoryEntry) =>
  `${at.toISOString().slice(5, 16)} ${entry.kind === 'run' ? `${entry.outcome} ${entry.exit ?? '-'}` : entry.kind}`

describe('the history of a plan', () => {
  const store = memoryStore()
  const ran = (at: string, last: string) => {
    const run = runId(new Date(at), () => 0)
    const journal = store.create('p', run)
    journal.append(`{"event":"run-started"}\n${last}`)
    return run
  }
  const end = (outcome: string, exit: number) =>
    `{"event":"run-ended","at":"x","outcome":"${outcome}","exit":${exit},"duration":1.5}\n`
  ran('2026-11-18T02:30:01Z', end('passed', 0))
  ran('2026-11-20T02:30:01Z', '{"event":"step-started"}\n')
  ran('2026-11-21T02:30:01Z', end('failed', 1))
  const going = ran('2026-11-23T02:30:01Z', '{"event":"step-started"}\n')
  store.create('p', 'notes').append('not a run\n')
  const options = {
    refusals: [{ at: '2026-11-22T02:30:00.000Z', holder: 'r' }],
    goesOn: (run: string) => run === going,
    machineZone: 'UTC',
    now: new Date('2026-11-24T02:49:00Z'),
  }
  const timetable = timetableOf('p', '30 2 * * *')

  test('has runs, those that were interrupted or kept out by the lock, and the times at which none began', () => {
    const kept = { timetable, since: new Date('2026-11-01T00:00:00Z') }
    expect(historyOf(runsOf(store, 'p'), { ...options, kept }).map(said)).toEqual([
      '11-18T02:30 passed 0',
      '11-19T02:30 missed',
      '11-20T02:30 interrupted -',
      '11-21T02:30 failed 1',
      '11-22T02:30 overlapped',
      '11-23T02:30 running -',
    ])
    const later = { ...options, now: new Date('2026-11-24T02:50:00Z') }
    expect(
      historyOf(runsOf(store, 'p'), { ...later, kept })
        .map(said)
        .at(-1),
    ).toBe('11-24T02:30 missed')
  })

  test('misses nothing before the schedule was kept to, before the oldest run that is left, and without a schedule', () => {
    const since = new Date('2026-11-19T12:00:00Z')
    const missed = (entries: readonly HistoryEntry[]) => entries.filter(({ kind }) => kind === 'missed')
    expect(missed(historyOf(runsOf(store, 'p'), { ...options, kept: { timetable, since } }))).toEqual([])
    expect(missed(historyOf(runsOf(store, 'p'), { ...options, kept: undefined }))).toEqual([])
    const never = historyOf(runsOf(store, 'other'), { ...options, refusals: [], kept: { timetable, since } })
    expect(never.map(said)).toEqual(['20', '21', '22', '23'].map((day) => `11-${day}T02:30 missed`))
  })
})

test('the history of a run that was resumed has its sittings, and how long they took together', () => {
  const store = memoryStore()
  const at = (time: string) => `"at":"2026-11-21T${time}Z"`
  const { host, ...environment } = { host: 'h', cpu: 'c', cores: 1, memory: 1, os: 'o', bun: 'b' }
  const heading = { plan: 'p', kind: 'smoke', title: '', run: 'r', params: {}, tags: [], again: '', nodes: [] }
  const began = (event: string, time: string) =>
    `${JSON.stringify({ event, schema: 1, at: `2026-11-21T${time}Z`, ...heading, environment: { host, ...environment } })}\n`
  const ended = (time: string, outcome: string, exit: number) =>
    `{"event":"run-ended",${at(time)},"outcome":"${outcome}","exit":${exit},"duration":2.5}\n`
  const step = (time: string) => `{"event":"step-started",${at(time)},"step":"s","attempt":1}\n`
  const journal = store.create(
    'p',
    runId(new Date('2026-11-21T07:00:00Z'), () => 0),
  )
  const options = { refusals: [], kept: undefined, goesOn: () => false, machineZone: 'UTC', now: new Date() }
  const now = () => historyOf(runsOf(store, 'p'), options)

  journal.append(began('run-started', '07:00:00') + step('07:00:04'))
  expect(now()).toMatchObject([{ outcome: 'interrupted', sittings: 1, duration: undefined }])
  journal.append(began('run-resumed', '09:00:00') + step('09:00:01') + ended('09:00:02', 'aborted', 130))
  expect(now()).toMatchObject([{ outcome: 'aborted', sittings: 2, duration: 6.5, exit: 130 }])
  journal.append(began('run-resumed', '10:00:00'))
  expect(now()).toMatchObject([{ outcome: 'interrupted', sittings: 3, duration: undefined }])
  journal.append(ended('10:00:02', 'passed', 0))
  expect(now()).toMatchObject([{ outcome: 'passed', sittings: 3, duration: 9, exit: 0 }])
})

describe('a scheduled time is missed', () => {
  const zone = 'Europe/Berlin'
  const nightly = timetableOf('p', { cron: '30 2 * * *', zone })
  const missed = (from: string, until: string, starts: readonly string[]) => {
    const times = timesBetween(nightly, new Date(from), new Date(until), zone)
    const dates = starts.map((at) => new Date(at))
    return missedTimes(times, dates, new Date(until), zone).map((at) => at.toISOString().slice(0, 16))
  }

  test('unless something started within the twenty minutes after it', () => {
    for (const [start, isMissed] of [
      ['01:29:59', true],
      ['01:30:00', false],
      ['01:49:59', false],
      ['01:50:00', true],
    ] as const)
      expect(missed('2026-11-20T12:00Z', '2026-11-21T12:00Z', [`2026-11-21T${start}Z`])).toEqual(
        isMissed ? ['2026-11-21T01:30'] : [],
      )
  })

  test('on the day the clock goes forward, unless cron started it as soon as it had or when as much later as was skipped', () => {
    // 02:00 is followed by 03:00, that is 01:00 UTC.
    for (const start of ['01:00:01', '01:30:01'])
      expect(missed('2027-03-27T12:00Z', '2027-03-28T12:00Z', [`2027-03-28T${start}Z`])).toEqual([])
    expect(missed('2027-03-27T12:00Z', '2027-03-28T12:00Z', ['2027-03-28T00:29:59Z'])).toEqual(['2027-03-28T01:30'])
  })

  test('on the day the clock goes back only when the first of both had no start', () => {
    expect(missed('2026-10-24T12:00Z', '2026-10-25T12:00Z', ['2026-10-25T00:30:01Z'])).toEqual([])
    expect(missed('2026-10-24T12:00Z', '2026-10-25T12:00Z', ['2026-10-25T01:30:01Z'])).toEqual(['2026-10-25T00:30'])
  })

  test('also where the next comes sooner than in twenty minutes: a start serves one', () => {
    const times = ['10:00', '10:01', '10:02'].map((at) => new Date(`2026-11-21T${at}:00Z`))
    const at = missedTimes(times, [new Date('2026-11-21T10:01:02Z')], new Date('2026-11-21T11:00Z'), 'UTC')
    expect(at.map((time) => time.toISOString().slice(11, 16))).toEqual(['10:00', '10:02'])
  })
})
