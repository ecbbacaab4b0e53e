import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { medianInterval } from '../../../lib/stats/median-interval.ts'
import { summarize } from '../../../lib/stats/summary.ts'

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

describe('the interval of a median', () => {
  // The ranks are those of published tables of the sign test: of n values the k-th from each end holds the median with at least 95 %.
  test.each([
    [6, 1],
    [9, 2],
    [10, 2],
    [12, 3],
    [20, 6],
    [100, 40],
  ])('of %i samples lies between the pair of rank %i and the next within', (n, rank) => {
    const { low, high } = medianInterval(Array.from({ length: n }, (_, i) => i + 1)) ?? { low: 0, high: 0 }
    expect([Math.floor(low), Math.ceil(high)]).toEqual([rank, n + 1 - rank])
    expect(low - rank).toBeCloseTo(n + 1 - rank - high, 9)
  })

  test('is none where all samples together say less', () => {
    expect([medianInterval([]), medianInterval([1]), medianInterval([1, 2, 3, 4, 5])]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect(medianInterval([1, 2, 3, 4, 5], 0.9)).toBeDefined()
  })

  // 20,000 trials know a share to within 0.6 %; the seed makes them the same ones each time.
  test.each([
    ['normal', (next: () => number) => normal(next), 0],
    ['log-normal', (next: () => number) => Math.exp(normal(next)), 1],
    ['of two modes', (next: () => number) => normal(next) + (next() < 0.7 ? 0 : 8), 0.5659],
  ] as const)('holds the median of samples that are %s in 93 to 97 of a hundred series', (_, draw, median) => {
    const next = seeded(20_261_121)
    for (const n of [6, 10, 25, 60]) {
      let held = 0
      for (let trial = 0; trial < 20_000; trial++) {
        const { low, high } = medianInterval(Array.from({ length: n }, () => draw(next))) ?? { low: 0, high: -1 }
        if (low <= median && median <= high) held += 1
      }
      expect(held / 20_000).toBeWithin(0.93, 0.97)
    }
  })

  test('does not grow with the number of samples, and survives many', () => {
    const many = medianInterval(Array.from({ length: 100_000 }, (_, i) => i)) ?? { low: 0, high: 0 }
    // Half a width is 0.98 · √n ranks, by the normal approximation.
    expect((many.high - many.low) / 2).toBeCloseTo(0.98 * Math.sqrt(100_000), -1)
  })
})

/** Normal by Box and Muller's method. */
function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
}

function seeded(seed: number): () => number {
  let state = seed
  return () => {
    // A linear congruential generator modulo 2^32; its high bits are good enough to draw from.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
