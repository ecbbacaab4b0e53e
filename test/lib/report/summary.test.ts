import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { formatBytes, formatDuration, formatNumber } from '../../../lib/report/format.ts'
import { summaryText } from '../../../lib/report/summary.ts'
import { anyJournal, recorded, runEnded, started, stepEnded, stepStarted } from './events.ts'

describe('durations, amounts and numbers as a person reads them', () => {
  const durations: readonly (readonly [number, string])[] = [
    [0, '0 ms'],
    [0.0312, '31 ms'],
    [0.9994, '999 ms'],
    [0.9996, '1.0 s'],
    [1.94, '1.9 s'],
    [9.96, '10 s'],
    [59.4, '59 s'],
    [59.6, '1 min 00 s'],
    [125, '2 min 05 s'],
    [3599.6, '1 h 00 min'],
    [11_220, '3 h 07 min'],
  ]
  test.each(durations)('%p s is %p', (seconds, said) => expect(formatDuration(seconds)).toBe(said))

  const amounts: readonly (readonly [number, string])[] = [
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [8_100_000, '8.1 MB'],
    [999_600, '1.0 MB'],
    [12_400_000_000, '12 GB'],
  ]
  test.each(amounts)('%p bytes are %p', (bytes, said) => expect(formatBytes(bytes)).toBe(said))

  const numbers: readonly (readonly [number, string])[] = [
    [45.456789, '45.46'],
    [3, '3'],
    [123456, '123500'],
    [0.00001234, '0.00001234'],
    [1.5e20, '1.5e+20'],
  ]
  test.each(numbers)('%p is %p', (value, said) => expect(formatNumber(value)).toBe(said))

  test('no duration is shown as sixty of anything', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), (seconds) => {
        expect(formatDuration(seconds)).not.toMatch(/\b(60|1000) (s|min|ms)/)
      }),
    )
  })
})

describe('the counted last line', () => {
  test('counts steps, checks and measures apart, and services not at all', () => {
    const record = recorded(
      started([
        ['service', 'store'],
        ['step', 'upload'],
        ['check', 'valid'],
        ['measure', 'rate'],
      ]),
      stepEnded('upload', 'passed'),
      stepEnded('valid', 'passed', {
        findings: [
          { name: 'a', verdict: 'pass' },
          { name: 'b', verdict: 'pass' },
        ],
      }),
      stepEnded('rate', 'passed'),
      runEnded('passed'),
    )
    expect(summaryText(record)).toBe('passed · 1 step, 2 checks, 1 measure · 5.6 s')
  })

  test('says what did not pass, what was reused and what is open', () => {
    const record = recorded(
      started([
        ['step', 'a'],
        ['step', 'b'],
        ['step', 'c'],
        ['check', 'd'],
        ['measure', 'e'],
      ]),
      stepEnded('a', 'passed', { reused: true, attempts: 0 }),
      stepEnded('b', 'errored'),
      stepEnded('c', 'skipped'),
      stepEnded('d', 'failed', {
        findings: [
          { name: 'x', verdict: 'fail' },
          { name: 'y', verdict: 'undecided', reason: 'thin' },
        ],
      }),
      stepEnded('e', 'passed', {
        metrics: [{ name: 'rate', unit: 'img/s', better: 'higher', samples: [1], verdict: 'undecided' }],
      }),
      runEnded('failed'),
    )
    expect(summaryText(record)).toBe(
      'failed · 3 steps (1 errored, 1 skipped, 1 reused), 2 checks (1 failed, 1 undecided), 1 measure (1 undecided) · 5.6 s',
    )
  })

  test('of a run that died, tells what was running and what had not begun', () => {
    const record = recorded(
      started([
        ['step', 'a'],
        ['step', 'b'],
        ['check', 'c'],
      ]),
      stepEnded('a', 'passed'),
      stepStarted('b'),
    )
    expect(summaryText(record)).toBe('unfinished · 2 steps (1 aborted), 1 check (1 skipped)')
  })

  test('leaves out what was not selected', () => {
    const record = recorded(
      started(
        [
          ['step', 'a'],
          ['step', 'b'],
        ],
        { selected: ['a'] },
      ),
      stepEnded('a', 'passed'),
      runEnded('passed'),
    )
    expect(summaryText(record)).toBe('passed · 1 step · 5.6 s')
  })

  test('can be said of any run', () => {
    fc.assert(fc.property(anyJournal, (events) => expect(summaryText(recorded(...events))).toMatch(/^\w+/)))
  })
})
