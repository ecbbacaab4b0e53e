import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { normal, seeded } from '../../../benchmarks/statistics/draw.ts'
import { tails } from '../../../lib/stats/binomial.ts'
import { medianInterval } from '../../../lib/stats/median-interval.ts'
import { normalQuantile } from '../../../lib/stats/normal.ts'
import { quantile, quantileInterval } from '../../../lib/stats/quantile.ts'

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)

describe('a quantile', () => {
  // Type 7, as R and NumPy reckon it unless told otherwise.
  test.each([
    [[1, 2, 3, 4], 0.25, 1.75],
    [[4, 1, 3, 2], 0.5, 2.5],
    [[15, 20, 35, 40, 50], 0.4, 29],
    [[7], 0.99, 7],
    [upTo(101), 0.99, 100],
  ])('of %j at %p is %p', (samples, q, expected) => expect(quantile(samples, q)).toBeCloseTo(expected, 12))

  test('of nothing is no number', () => expect(quantile([], 0.5)).toBeNaN())
})

describe('the interval of a quantile', () => {
  // The 12 chromium percentages of Minitab's example of the one-sample sign test, as far as it prints them: the 3rd, 4th, 9th and 10th.
  test('is interpolated as the example of the sign test in the manual of Minitab', () => {
    const samples = [17, 17.2, 17.4, 17.5, 17.6, 17.65, 17.75, 17.9, 18.1, 19, 19.5, 20]
    const { low, high } = medianInterval(samples) ?? { low: 0, high: 0 }
    expect([low.toFixed(4), high.toFixed(4)]).toEqual(['17.4263', '18.7632'])
  })

  // Of tables of the sign test: how often the k-th sample from each end of n hold the median between them.
  test.each([
    [5, 1, 0.938],
    [10, 2, 0.979],
    [10, 3, 0.891],
    [15, 4, 0.965],
    [20, 6, 0.959],
    [20, 7, 0.885],
  ])('of the median of %i samples, by the %i. from each end, is at the level of the tables', (n, k, level) => {
    expect(1 - 2 * (tails(n, 0.5)[k - 1] ?? 0)).toBeCloseTo(level, 3)
  })

  test.each([
    [0.5, 6],
    [0.9, 36],
    [0.99, 368],
  ])('at %p needs %i samples', (q, n) => {
    expect(quantileInterval(upTo(n - 1), q)).toBeUndefined()
    expect(quantileInterval(upTo(n), q)).toBeDefined()
  })

  test('turns with the samples', () => {
    const samples = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 40, maxLength: 80 })
    fc.assert(
      fc.property(samples, fc.constantFrom(0.25, 0.5, 0.9), (taken, q) => {
        const { low, high } = quantileInterval(taken, q) ?? { low: Number.NaN, high: Number.NaN }
        const turned = quantileInterval(
          taken.map((x) => -x),
          1 - q,
        )
        expect(-(turned?.high ?? Number.NaN)).toBeCloseTo(low, 6)
        expect(-(turned?.low ?? Number.NaN)).toBeCloseTo(high, 6)
        expect(low).toBeLessThanOrEqual(high)
      }),
    )
  })

  test('holds the 0.9 quantile of normal samples in 93 to 97 of a hundred series', () => {
    const random = seeded(9)
    const truth = normalQuantile(0.9)
    let held = 0
    for (let trial = 0; trial < 4000; trial++) {
      const samples = Array.from({ length: 60 }, () => normal(random))
      const { low, high } = quantileInterval(samples, 0.9) ?? { low: 1, high: 0 }
      if (low <= truth && truth <= high) held += 1
    }
    expect(held / 4000).toBeWithin(0.93, 0.97)
  })
})

// R. A. Fisher's and later tables of the normal distribution.
test.each([
  [0.5, 0],
  [0.975, 1.959_964],
  [0.995, 2.575_829],
  [0.9999, 3.719_016],
  [1e-9, -5.997_807],
  [1e-12, -7.034_484],
])('a normal variable lies below the quantile of %p that often: %p', (p, z) =>
  expect(normalQuantile(p)).toBeCloseTo(z, 5),
)
