import { afterEach, describe, expect, test } from 'bun:test'
import { appendFileSync } from 'node:fs'
import { place, removePlaces, trendsOf } from './index-place.ts'
import { type JournalOptions, journalText, measured } from './measured-journal.ts'

afterEach(removePlaces)

describe('a question to the index', () => {
  test('tells what was wrong with the question, not with itself', () => {
    const at = place()
    at.put('p', 'r1')
    const asking = () =>
      at.ask(() => {
        throw new Error('no such metric')
      })
    expect(asking).toThrow('no such metric')
    expect(at.told).toEqual([])
  })
})

describe('a trend in the index', () => {
  const noted = (value: number, options: Partial<JournalOptions> = {}) => ({
    metrics: [measured('time', [value - 1, value, value + 1]), measured('rate[720p]', [value * 10])],
    ...options,
  })

  test('has the value, interval, n and verdict of each run', () => {
    const at = place()
    at.put('p', 'r1', { metrics: [measured('time', [1, 2, 3, 4, 5, 6])], commit: 'abc' })
    const judged = { value: 7, interval: { low: 6, high: 8, level: 0.95 }, verdict: 'pass' } as const
    at.put('p', 'r2', { metrics: [{ ...measured('time', [9, 9]), ...judged }], machine: undefined })
    const trend = at.ask((index) => index.trends('p', { limit: 9, across: true }).trends[0])
    expect(trend).toMatchObject({ step: 'measure', metric: 'time', unit: 's', better: 'lower' })
    expect(trend?.history).toEqual([
      {
        run: 'r1',
        at: '2026-11-21T02:30:00.000Z',
        commit: 'abc',
        machine: 'm1',
        value: 3.5,
        low: expect.any(Number),
        high: expect.any(Number),
        n: 6,
        verdict: 'recorded',
      },
      { run: 'r2', at: '2026-11-21T02:30:00.000Z', value: 7, low: 6, high: 8, n: 2, verdict: 'pass' },
    ])
  })

  test('is of the newest run’s machine and parameters, and says how many others there are', () => {
    const at = place()
    at.put('p', 'r1', noted(1, { machine: 'm2' }))
    at.put('p', 'r2', noted(2, { params: { size: '720p' } }))
    at.put('p', 'r3', noted(3))
    at.put('p', 'r4', noted(4, { machine: 'm2', params: { size: '720p' } }))
    at.put('p', 'r5', noted(5))
    at.put('p', 'r6', { metrics: [] })
    expect(trendsOf(at)).toEqual(['measure time: 3 5', 'measure rate[720p]: 30 50'])
    expect(at.ask((index) => index.trends('p', { limit: 9 }).leftOut)).toEqual({ machine: 2, params: 1 })
    expect(trendsOf(at, { across: true })[0]).toBe('measure time: 1 3 5')
    expect(at.ask((index) => index.trends('p', { limit: 9, across: true }).leftOut)).toEqual({ machine: 0, params: 2 })
    expect(trendsOf(at, { run: 'r4' })[0]).toBe('measure time: 4')
  })

  test('is that of one metric, by its name with or without the variant, up to a run, and of so many runs', () => {
    const at = place()
    for (const value of [1, 2, 3, 4]) at.put('p', `r${value}`, noted(value))
    expect(trendsOf(at, { metric: 'rate' })).toEqual(['measure rate[720p]: 10 20 30 40'])
    expect(trendsOf(at, { metric: 'rate[720p]', limit: 2 })).toEqual(['measure rate[720p]: 30 40'])
    expect(trendsOf(at, { metric: 'rat' })).toEqual([])
    expect(trendsOf(at, { metric: 'time', run: 'r3' })).toEqual(['measure time: 1 2 3'])
  })

  test('counts what the newest sitting of a run found, in the unit it has now', () => {
    const at = place()
    at.put('p', 'r1', { metrics: [{ ...measured('time', [1000]), unit: 'ms' }] })
    at.put('p', 'r2', noted(2))
    const again = journalText({ plan: 'p', run: 'r2', event: 'run-resumed', metrics: [measured('time', [5])] })
    appendFileSync(at.journal('p', 'r2'), again)
    const { trends } = at.ask((index) => index.trends('p', { limit: 9, metric: 'time' }))
    expect(trends.map(({ unit, history }) => [unit, history.map(({ value }) => value)])).toEqual([
      ['s', [5]],
      ['ms', [1000]],
    ])
  })
})
