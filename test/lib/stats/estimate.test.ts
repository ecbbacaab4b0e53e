import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { likeNeighbours, normal, seeded, shapes } from '../../../benchmarks/statistics/draw.ts'
import { coverage, ratioCoverage } from '../../../benchmarks/statistics/simulate.ts'
import { amountEstimate, pairedRatioEstimate, quantileEstimate, ratioEstimate } from '../../../lib/stats/estimate.ts'
import { pairedRatio, ratioOfMedians } from '../../../lib/stats/ratio.ts'
import { smallestChange } from '../../../lib/stats/smallest-change.ts'

const known = [shapes.normal, shapes.logNormal, shapes.twoModes, shapes.halves]
const series = fc.array(fc.double({ noNaN: true, min: 0.01, max: 1e6 }), { minLength: 2, maxLength: 30 })

describe('the estimate of a median', () => {
  test.each(known)('holds it in 93 to 97 of a hundred series: $name', (shape) => {
    // Ten may lie all but one in either of two equal modes, with nothing of the median between.
    for (const n of [...(shape === shapes.halves ? [] : [10]), 30, 100])
      expect(coverage(shape, n, 2000, 11)).toBeWithin(0.93, 0.97)
  })

  // One half of the samples of two equal modes may all lie in one of them: then five cannot know of the other.
  test.each(known.slice(0, 3))('of three or five samples says as much as they allow: $name', (shape) => {
    for (const n of [3, 5]) expect(coverage(shape, n, 2000, 12)).toBeGreaterThan(0.93)
  })

  test('of five reaches as far beyond them as level and range ask', () => {
    const { low, high } = quantileEstimate([3, 1, 5, 2, 4])?.intervalAt(0.99) ?? { low: 0, high: 0 }
    // (2⁻⁴ / 0.01)^¼ − 1 of the range, 4.
    expect(low).toBeCloseTo(1 - 0.58114 * 4, 4)
    expect(high).toBeCloseTo(5 + 0.58114 * 4, 4)
  })

  test('holds more of them the higher the level, and says nothing of one sample or none', () => {
    fc.assert(
      fc.property(series, (samples) => {
        const estimate = quantileEstimate(samples)
        const [wide, narrow] = [estimate?.intervalAt(0.999), estimate?.intervalAt(0.9)]
        expect(wide?.low).toBeLessThanOrEqual(narrow?.low ?? Number.NaN)
        expect(wide?.high).toBeGreaterThanOrEqual(narrow?.high ?? Number.NaN)
      }),
    )
    expect(quantileEstimate([])).toBeUndefined()
    expect(quantileEstimate([5])?.intervalAt(0.95)).toEqual({ low: -Infinity, high: Infinity })
  })

  test('is as much wider as likeness to the sample before makes it: it still holds nine times in ten', () => {
    const random = seeded(13)
    let held = 0
    for (let trial = 0; trial < 1000; trial++) {
      const { low, high } = quantileEstimate(likeNeighbours(random, 100))?.intervalAt(0.95) ?? { low: 1, high: 0 }
      if (low <= 0 && 0 <= high) held += 1
    }
    expect(held / 1000).toBeGreaterThan(0.9)
  })

  test('tells half the width of four times the samples', () => {
    const random = seeded(14)
    const estimate = quantileEstimate(Array.from({ length: 50 }, () => 10 + normal(random)))
    const [own, more] = [estimate?.intervalAt(0.95), estimate?.intervalAt(0.95, 200)]
    expect((more?.high ?? 0) - (more?.low ?? 0)).toBeCloseTo(((own?.high ?? 0) - (own?.low ?? 0)) / 2, 9)
  })
})

describe('the estimate of an amount', () => {
  const ends = (samples: readonly number[]) => amountEstimate(samples)?.intervalAt(0.99)

  test('never reaches below zero, and else is that of the median', () => {
    const taken = [5.1, 5.3, 5.32, 900, 1940]
    expect(quantileEstimate(taken)?.intervalAt(0.99).low).toBeLessThan(0)
    expect(ends(taken)).toEqual({ low: 0, high: quantileEstimate(taken)?.intervalAt(0.99).high ?? 0 })
    for (const samples of [
      [100, 101, 102, 99, 98],
      [1, 2, -3, 4, 5],
    ])
      expect(ends(samples)).toEqual(quantileEstimate(samples)?.intervalAt(0.99) ?? { low: 0, high: 0 })
  })

  test('holds one that is never below zero whenever the whole interval does', () => {
    const random = seeded(19)
    for (let trial = 0; trial < 500; trial++) {
      const samples = Array.from({ length: 2 + (trial % 5) }, () => Math.exp(2 * normal(random)))
      const { low, high } = quantileEstimate(samples)?.intervalAt(0.95) ?? { low: 0, high: 0 }
      const amount = amountEstimate(samples)?.intervalAt(0.95) ?? { low: 0, high: 0 }
      expect(amount.low <= 1 && 1 <= amount.high).toBe(low <= 1 && 1 <= high)
      expect(amount.low).toBeGreaterThanOrEqual(0)
    }
  })
})

describe('the ratio of two medians', () => {
  // D. G. Bonett, R. M. Price, "Confidence intervals for ratios of means and medians", Journal of Educational and Behavioral Statistics
  // 45 (2020), by the example of their R package statpsych, which takes standard errors from other order statistics: 1.162, 0.928 to 1.456.
  test('is close to that of a published example', () => {
    const a = [36, 44, 47, 42, 49, 39, 46, 31, 33, 48]
    const b = [32, 39, 26, 35, 43, 27, 40, 37, 34, 29, 49, 42, 40]
    const { value, low, high } = ratioOfMedians(a, b) ?? { value: 0, low: 0, high: 0 }
    expect(value).toBeCloseTo(43 / 37, 2)
    expect(Math.abs(low / 0.928 - 1)).toBeLessThan(0.06)
    expect(Math.abs(high / 1.456 - 1)).toBeLessThan(0.06)
  })

  test.each(known.slice(0, 3))('holds the true one in at least 93 of a hundred pairs of series: $name', (shape) => {
    expect(ratioCoverage(shape, 15, 40, 2000, 15)).toBeGreaterThan(0.93)
  })

  test('the other way round is one over it', () => {
    fc.assert(
      fc.property(series, series, (a, b) => {
        for (const ratio of [ratioOfMedians, pairedRatio]) {
          const [there, back] = [ratio(a, b), ratio(b, a)]
          expect((there?.value ?? 0) * (back?.value ?? 0)).toBeCloseTo(1, 6)
          expect(Math.log(there?.low ?? 1)).toBeCloseTo(-Math.log(back?.high ?? 1), 6)
        }
      }),
    )
  })

  test('is none where a sample is not above zero, or there are none', () => {
    for (const ratio of [ratioOfMedians, pairedRatio])
      expect([ratio([], [1]), ratio([1, 2, 3], [1, 0, 2]), ratio([1, -2, 3], [1, 1, 2])]).toEqual([
        undefined,
        undefined,
        undefined,
      ])
    expect(pairedRatio([-1, -2, -3], [-1, -2, -3])).toBeUndefined()
    expect(pairedRatio([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6, -7])?.value).toBe(1)
  })

  test('of pairs keeps what befell both out of it', () => {
    const random = seeded(16)
    const load = Array.from({ length: 30 }, () => Math.exp(normal(random)))
    const times = (factor: number) => load.map((x) => factor * x * (1 + 0.001 * normal(random)))
    const [a, b] = [times(1.05), times(1)]
    const [paired, apart] = [pairedRatioEstimate(a, b)?.intervalAt(0.95), ratioEstimate(a, b)?.intervalAt(0.95)]
    expect(paired?.low).toBeGreaterThan(1.048)
    expect(paired?.high).toBeLessThan(1.052)
    expect(apart?.low).toBeLessThan(1)
  })

  test('to a baseline of few stays wide however many are taken', () => {
    const random = seeded(17)
    const draw = (n: number) => Array.from({ length: n }, () => 100 + 5 * normal(random))
    const estimate = ratioEstimate(draw(20), draw(10))
    const { low, high } = estimate?.intervalAt(0.95, 1e9) ?? { low: 1, high: 1 }
    expect(high - low).toBeGreaterThan(0.03)
  })
})

describe('the smallest change', () => {
  test('is found four times in five in an equal run, and half of it seldom', () => {
    const random = seeded(18)
    const draw = (factor: number) => Array.from({ length: 60 }, () => factor * (100 + 4 * normal(random)))
    let [found, half] = [0, 0]
    for (let trial = 0; trial < 1000; trial++) {
      const before = draw(1)
      const change = smallestChange(before) ?? 0
      if ((ratioOfMedians(draw(1 + change), before)?.low ?? 0) > 1) found += 1
      if ((ratioOfMedians(draw(1 + change / 2), before)?.low ?? 0) > 1) half += 1
    }
    expect(found / 1000).toBeWithin(0.7, 0.9)
    expect(half / 1000).toBeLessThan(0.35)
  })

  test('is none of one sample, or of one that is zero', () => {
    expect([smallestChange([3]), smallestChange([0, 1, 2])]).toEqual([undefined, undefined])
  })
})
