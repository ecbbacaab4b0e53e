import { describe, expect, test } from 'bun:test'
import { posix } from 'node:path'
import fc from 'fast-check'
import type { MetricRecord, RunEvent } from '../../../lib/record/event.ts'
import type { RunRecord } from '../../../lib/record/run-record.ts'
import type { TrackedRun } from '../../../lib/record/tracking-place.ts'
import { mlflowRun } from '../../../lib/report/mlflow.ts'
import { namesForMlflow, textForMlflow } from '../../../lib/report/mlflow-names.ts'
import { anyJournal, nasty, recorded, runEnded, started, stepEnded, stepStarted } from './events.ts'

const at = Date.parse('2026-11-21T07:16:02.000Z')

const time: MetricRecord = {
  name: 'time[5]',
  unit: 'ms',
  better: 'lower',
  samples: [3, 1, 2],
  value: 2,
  variant: '5',
  verdict: 'recorded',
  raw: 'steps/01-speed/samples.csv',
}
const measured: readonly RunEvent[] = [
  started([
    ['step', 'upload: all, twice'],
    ['measure', 'speed'],
  ]),
  stepStarted('upload: all, twice'),
  stepEnded('upload: all, twice', 'passed', { duration: 0.25 }),
  stepStarted('speed'),
  stepEnded('speed', 'passed', {
    duration: 2,
    metrics: [time, { ...time, name: 'busy %', variant: undefined, value: 7 }],
  }),
]

function shown(events: readonly RunEvent[], read: (path: string) => string | undefined = () => undefined): TrackedRun {
  return mlflowRun(recorded(...events), { state: 'abc', read })
}

function tagsOf({ tags }: Pick<TrackedRun, 'tags'>): Readonly<Record<string, string>> {
  return Object.fromEntries(tags.map(({ key, value }) => [key, value]))
}

describe('a run in MLflow', () => {
  test('has parameters, values, every sample and durations, by names that MLflow takes', () => {
    const run = shown([...measured, runEnded('passed')])
    expect(run).toMatchObject({
      plan: 'small',
      run: '20261121-071602-k3x9',
      state: 'abc',
      status: 'FINISHED',
      startTime: at,
    })
    expect(run.params).toEqual([
      { key: 'images', value: 'samples' },
      { key: 'sizes', value: '720p' },
    ])
    const over = at + 2000
    const history = (key: string) => [3, 1, 2].map((value, index) => ({ key, value, timestamp: over, step: index + 1 }))
    expect(run.metrics).toEqual([
      { key: 'upload all twice/duration', value: 0.25, timestamp: at + 250, step: 0 },
      { key: 'speed/time_5', value: 2, timestamp: over, step: 0 },
      ...history('speed/time_5 samples'),
      { key: 'speed/busy percent', value: 7, timestamp: over, step: 0 },
      ...history('speed/busy percent samples'),
      { key: 'speed/duration', value: 2, timestamp: over, step: 0 },
    ])
  })

  test('says what is called otherwise, the units, and where it ran', () => {
    const tags = tagsOf(shown([...measured, runEnded('failed')]))
    expect(tags['assay.changed']?.split('\n')).toEqual([
      "'upload: all, twice/duration' is upload all twice/duration",
      "'speed/time[5]' is speed/time_5",
      "'speed/time[5] samples' is speed/time_5 samples",
      "'speed/busy %' is speed/busy percent",
      "'speed/busy % samples' is speed/busy percent samples",
    ])
    expect(tags['assay.units']).toContain('speed/busy percent: ms\n')
    expect(tags).toMatchObject({
      'assay.plan': 'small',
      'assay.outcome': 'failed',
      'assay.host': 'box',
      'assay.cpu': 'Fast CPU, 3 GHz',
      'assay.commit': 'abc123',
      'mlflow.source.git.commit': 'abc123',
      'assay.dirty': 'false',
    })
    expect(tags['mlflow.note.content']).toContain('| upload: all, twice | ✓ passed |')
  })

  test('has the times at which samples were taken where their file tells them', () => {
    const rows = [0, 0.5, 1.25, 1.75].map((at, round) => `${Math.min(round, 1)},5,time,ms,${round},${at.toFixed(6)}`)
    const file = ['round,variant,metric,unit,value,at_s', ...rows, ''].join('\r\n')
    const { metrics } = shown(measured, (path) => (path === time.raw ? file : undefined))
    const timesOf = (key: string) => metrics.flatMap((one) => (one.key === key ? [one.timestamp - at] : []))
    // The first of them warmed up.
    expect(timesOf('speed/time_5 samples')).toEqual([500, 1250, 1750])
    expect(timesOf('speed/busy percent samples')).toEqual([2000, 2000, 2000])
  })

  test.each([
    ['FINISHED', [...measured, runEnded('passed')]],
    ['FINISHED', [...measured, runEnded('skipped', { exit: 0 })]],
    ['FAILED', [...measured, runEnded('failed')]],
    ['FAILED', [...measured, runEnded('errored')]],
    ['KILLED', [...measured, runEnded('aborted', { exit: 130 })]],
    ['KILLED', measured],
    ['KILLED', measured.slice(0, 2)],
  ] as const)('is %s as it came to its end', (status, events) => {
    expect(shown(events).status).toBe(status)
  })

  test('keeps not-a-number, and the largest number in the place of infinities, which is said', () => {
    const samples = [Number.NaN, Infinity, -Infinity]
    const wrong = stepEnded('speed', 'passed', { metrics: [{ ...time, samples, value: Infinity }] })
    const run = shown([...measured.slice(0, -1), wrong])
    const values = run.metrics.flatMap(({ key, value }) => (key.startsWith('speed/time') ? [value] : []))
    expect(values).toEqual([Number.MAX_VALUE, Number.NaN, Number.MAX_VALUE, -Number.MAX_VALUE])
    expect(tagsOf(run)['assay.changed']).toContain('speed/time_5 samples, step 3: an infinity is the largest number')
  })

  test('cuts what is too long, and says so', () => {
    const params = { list: 'x'.repeat(6001), fits: 'y'.repeat(6000) }
    const run = shown([started([['step', 'a']], { params, title: 't'.repeat(9000) })])
    expect(run.params.map(({ value }) => value.length)).toEqual([6000, 6000])
    const tags = tagsOf(run)
    expect(tags['assay.changed']?.split('\n')).toEqual([
      'the parameter list is cut to 6000 of 6001 characters',
      'the tag assay.title is cut to 5000 of 9000 characters',
    ])
    expect(tags['assay.title']).toEndWith('t…')
  })
})

/** MLflow's own rules for a name, in other words (mlflow/utils/validation.py), with what Windows forbids. */
function isLegal(key: string): boolean {
  const normal = posix.normalize(key)
  const wayOut = normal !== key || key === '.' || key.startsWith('..') || key.startsWith('/') || key.endsWith('/')
  return /^[\p{L}\p{Nd}_/.\- ]+$/u.test(key) && !wayOut && key.length <= 250
}

describe('whatever names and numbers a run has', () => {
  const anyRun = anyJournal.map((events): readonly [RunRecord, TrackedRun] => {
    const record = recorded(...events)
    return [record, mlflowRun(record, { state: 'abc', read: () => undefined })]
  })

  test('every name is one that MLflow takes, and no two are the same in any letters', () => {
    fc.assert(
      fc.property(anyRun, ([record, { params, metrics, tags }]) => {
        const units = tagsOf({ tags })['assay.units'] ?? ''
        for (const keys of [params.map(({ key }) => key), tags.map(({ key }) => key)]) {
          for (const key of keys) expect([key, isLegal(key)]).toEqual([key, true])
          expect(new Set(keys.map((key) => key.toLowerCase())).size).toBe(keys.length)
        }
        for (const { key } of metrics) expect([key, isLegal(key)]).toEqual([key, true])
        expect(params.length).toBe(Object.keys(record.heading.params).length)
        expect(units.length).toBeLessThanOrEqual(5000)
      }),
    )
  })

  test('every sample of every metric is there once, in its order', () => {
    fc.assert(
      fc.property(anyRun, ([record, { metrics }]) => {
        const histories = Map.groupBy(metrics, ({ key }) => key)
          .values()
          .toArray()
        const found = histories.flatMap((history) => {
          const samples = history.filter(({ step }) => step > 0)
          return samples.length === 0 ? [] : [samples.map(({ value }) => value)]
        })
        const expected = record.steps.flatMap(({ selected, ended }) =>
          selected ? (ended?.metrics ?? []).flatMap(({ samples }) => (samples.length > 0 ? [samples] : [])) : [],
        )
        expect(found).toEqual(expected.map((samples) => [...samples]))
        for (const history of histories) expect(new Set(history.map(({ step }) => step)).size).toBe(history.length)
      }),
    )
  })

  test('every text is short enough, and one that any database keeps', () => {
    fc.assert(
      fc.property(anyRun, ([, { params, tags, metrics, startTime, endTime }]) => {
        for (const { value } of params)
          expect([value.length <= 6000, value.isWellFormed(), value.includes('\0')]).toEqual([true, true, false])
        for (const { value } of tags) expect([value.length <= 5000, value.isWellFormed()]).toEqual([true, true])
        for (const { value, timestamp } of metrics) {
          expect(value === Infinity || value === -Infinity).toBe(false)
          expect(Number.isInteger(timestamp) && timestamp >= 0).toBe(true)
        }
        expect(endTime).toBeGreaterThanOrEqual(startTime)
      }),
    )
  })
})

describe('a name', () => {
  test.each([
    ['time[5]', 'time_5'],
    ['time', 'time'],
    ['µ ratio', 'µ ratio'],
    ['cafe\u0301', 'café'],
    ['busy %', 'busy percent'],
    ['a, b: c', 'a b c'],
    ['img/s', 'img_s'],
    [' (x) ', 'x'],
    ['a\u00a0b', 'a b'],
    ['..', expect.stringMatching(/^unnamed_[0-9a-f]{6}$/)],
    ['😀', expect.stringMatching(/^unnamed_[0-9a-f]{6}$/)],
    ['', expect.stringMatching(/^unnamed_[0-9a-f]{6}$/)],
  ])('%j is %p', (given, expected) => {
    expect(namesForMlflow().key(given)).toEqual(expected)
  })

  test('that another has already is told apart by letters that stay the same from run to run', () => {
    const twice = () => {
      const names = namesForMlflow()
      return ['a[1]', 'a(1)', 'A_1', 'a[1]'].map((name) => names.key(name))
    }
    const found = twice()
    expect(found).toEqual(['a_1', ...Array(3).fill(expect.stringMatching(/^A_1_[0-9a-f]{6}|^a_1_[0-9a-f]{6}/))])
    expect(new Set(found.map((name) => name.toLowerCase())).size).toBe(4)
    expect(twice()).toEqual(found)
  })

  test('of any letters is legal, its own, and told of where it is not as it was given', () => {
    const long = fc.tuple(nasty, fc.integer({ min: 1, max: 300 })).map(([text, times]) => text.repeat(times))
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.oneof(nasty, long), { minLength: 1, maxLength: 3 }), { maxLength: 12 }),
        (given) => {
          const names = namesForMlflow()
          const keys = given.map((parts) => names.key(...parts))
          for (const key of keys) expect([key, isLegal(key)]).toEqual([key, true])
          expect(new Set(keys.map((key) => key.toLowerCase())).size).toBe(keys.length)
          expect(names.changed.length).toBe(given.filter((parts, index) => parts.join('/') !== keys[index]).length)
        },
      ),
    )
  })
})

test('a text is not cut through a character of two halves', () => {
  expect(textForMlflow('ab😀😀', 4)).toEqual({ value: 'ab…', change: 'cut to 4 of 6 characters' })
  expect(textForMlflow('a\0b\ud800', 9).value).toBe('a\ufffdb\ufffd')
})
