import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { summarize } from '../../../lib/stats/summary.ts'
import { verdictOf } from '../../../lib/stats/verdict.ts'

describe('a summary', () => {
  test.each([
    [[3], { n: 1, median: 3, mean: 3, stdev: undefined, min: 3, max: 3 }],
    [[4, 1, 3, 2], { n: 4, median: 2.5, mean: 2.5, stdev: Math.sqrt(5 / 3), min: 1, max: 4 }],

    [[2, 4, 4, 4, 5, 5, 7, 9], { n: 8, median: 4.5, mean: 5, stdev: Math.sqrt(32 / 7), min: 2, max: 9 }],
  ])('of %j', (samples, expected) => expect(summarize(samples)).toEqual(expected))

  test('of nothing is undefined', () => expect(summarize([])).toBeUndefined())

  test('does not depend on the order, and the median halves the samples', () => {
    const numbers = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), { minLength: 1 })
    fc.assert(
      fc.property(numbers, (samples) => {
        const { median, min, max } = summarize(samples) ?? { median: Number.NaN, min: 0, max: 0 }
        expect(summarize(samples.toReversed())).toEqual(summarize(samples))
        expect(samples.filter((x) => x < median).length).toBeLessThanOrEqual(samples.length / 2)
        expect(samples.filter((x) => x > median).length).toBeLessThanOrEqual(samples.length / 2)
        expect([min <= median, median <= max]).toEqual([true, true])
      }),
    )
  })
})

describe('a verdict', () => {
  test.each([
    [[1, 2], undefined, undefined, 'recorded'],
    [[3, 4], 2, undefined, 'pass'],
    [[1, 1.5], 2, undefined, 'fail'],
    [[1, 3], 2, undefined, 'undecided'],
    [[1, 3], undefined, 3, 'pass'],
    [[4, 5], undefined, 3, 'fail'],
    [[1, 2, 3], 1, 3, 'pass'],
    [[], 1, 3, 'undecided'],
  ] as const)('of %j within %p and %p is %s', (samples, low, high, verdict) => {
    expect(verdictOf(samples, low, high)).toBe(verdict)
  })
})
