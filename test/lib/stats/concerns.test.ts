import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { courses, likeNeighbours, normal, seeded, shapes } from '../../../benchmarks/statistics/draw.ts'
import { drifts, flagged } from '../../../benchmarks/statistics/simulate.ts'
import { concerns } from '../../../lib/stats/concerns.ts'
import { dip } from '../../../lib/stats/dip.ts'
import { likeness } from '../../../lib/stats/likeness.ts'
import { mannKendall } from '../../../lib/stats/mann-kendall.ts'
import { modes } from '../../../lib/stats/modes.ts'
import { outliers } from '../../../lib/stats/outliers.ts'

describe('a trend', () => {
  // J. Little's example by hand for his students at the College of the Holy Cross, with a pair of equal values: S = 54, Z about 2.9058.
  test('is tested for as by hand', () => {
    const values = [12.9, 14.8, 13.2, 15.7, 13.8, 15.6, 12.9, 11.0, 17.3, 15.9, 19.0, 18.3, 20.1, 21.7]
    expect(mannKendall(values)).toBeCloseTo(2.9058, 3)
  })

  test('is that of all pairs', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 2, maxLength: 40 }), (values) => {
        let score = 0
        for (const [i, a] of values.entries()) for (const b of values.slice(i + 1)) score += Math.sign(b - a)
        expect(Math.sign(mannKendall(values))).toBe(Math.abs(score) < 2 ? 0 : Math.sign(score))
        expect(mannKendall(values.toReversed())).toBeCloseTo(-mannKendall(values), 9)
      }),
    )
  })
})

describe('the likeness of neighbours', () => {
  // Changes in stock levels: R. Bartels (1982). Tourists to the United States: J. D. Gibbons, S. Chakraborti, "Nonparametric statistical
  // inference" (2003), example 5.1. Their z has the other sign.
  test.each([
    ['changes in stock levels', [528, 348, 264, -20, -167, 575, 410, -4, 430, -122], -0.083357, 1 - 2.048485 / 2],
    [
      'tourists by year',
      [12362, 12739, 13057, 13955, 14123, 15698, 17523, 18610, 19842, 20310, 22500, 23080, 21916],
      3.6453,
      undefined,
    ],
  ])('is that of the published example: %s', (_, values, z, correlation) => {
    expect(likeness(values).z).toBeCloseTo(z, 4)
    if (correlation !== undefined) expect(likeness(values).correlation).toBeCloseTo(correlation, 5)
  })
})

describe('the dip', () => {
  // The quality of faculties, J. A. and P. M. Hartigan (1985), by M. Maechler's R package diptest: D = 0.059524, p = 0.087.
  const faculties = Object.entries({
    ...{ 30: 1, 33: 1, 35: 1, 36: 1, 37: 2, 39: 5, 40: 4, 41: 1, 42: 1, 43: 3, 44: 2, 45: 2, 46: 2, 47: 2, 48: 3 },
    ...{ 49: 1, 50: 2, 51: 1, 52: 2, 53: 5, 54: 2, 57: 2, 59: 1, 60: 3, 61: 4, 62: 4, 63: 1, 66: 1, 70: 1, 72: 2 },
  }).flatMap(([value, count]) => Array.from({ length: count }, () => Number(value)))

  test('is that of the published example', () => {
    expect(faculties.length).toBe(63)
    expect(dip(Float64Array.from(faculties))).toBeCloseTo(0.059524, 6)
    expect(modes(faculties)).toBeUndefined()
  })

  test('lies between 1/(2n) and 1/4, and is the same in the mirror and on another scale', () => {
    const samples = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 4, maxLength: 60 })
    fc.assert(
      fc.property(samples, (values) => {
        const of = (map: (x: number) => number) => dip(Float64Array.from(values, map).sort())
        const own = of((x) => x)
        expect(own).toBeGreaterThanOrEqual(1 / (2 * values.length) - 1e-12)
        expect(own).toBeLessThanOrEqual(0.25 + 1e-12)
        expect(of((x) => -x)).toBeCloseTo(own, 9)
        expect(of((x) => 4 * x + 1)).toBeCloseTo(own, 9)
      }),
    )
  })
})

describe('two modes', () => {
  test('are told with what is in them', () => {
    const random = seeded(31)
    const found = modes(Array.from({ length: 60 }, () => (random() < 0.6 ? 10 : 14) + 0.2 * normal(random)))
    expect(found?.low).toBeCloseTo(10, 0)
    expect(found?.high).toBeCloseTo(14, 0)
    expect(found?.share).toBeWithin(0.45, 0.75)
  })

  test.each([
    ['even', (random: () => number) => random()],
    ['log-normal', shapes.logNormal.draw],
    ['rounded to a coarse clock', (random: () => number) => Math.round(10 + 0.7 * normal(random))],
  ])('are said of at most 2 of a hundred series that have one: %s', (_, draw) => {
    const two = (random: () => number) => modes(Array.from({ length: 50 }, () => draw(random))) !== undefined
    expect(flagged(two, 1000, 32)).toBeLessThanOrEqual(0.02)
  })
})

describe('drift', () => {
  test.each(courses)('is seen in at least 95 of a hundred series: $name', ({ draw }) => {
    expect(flagged((random) => drifts(draw(random, 100)), 300, 33)).toBeGreaterThanOrEqual(0.95)
  })

  test.each([6, 20, 50, 200])('is seen in at most 2 of a hundred flat series of %i', (n) => {
    const flat = (random: () => number) => Array.from({ length: n }, () => normal(random))
    expect(flagged((random) => drifts(flat(random)), 1000, 34)).toBeLessThanOrEqual(0.02)
  })

  test('is not what likeness of neighbours explains', () => {
    expect(flagged((random) => drifts(likeNeighbours(random, 300)), 300, 35)).toBeLessThanOrEqual(0.05)
  })
})

describe('concerns', () => {
  const random = seeded(36)
  const flat = Array.from({ length: 60 }, () => 20 + 0.5 * normal(random))

  test('are none of flat samples, of few, of equal ones, or of none', () => {
    for (const samples of [flat, flat.slice(0, 3), flat.map(() => 4096), []]) expect(concerns(samples)).toEqual([])
  })

  test.each([
    ['drift', flat.map((x, i) => x + i / 6), /^the level rises from 20\.\d to 2\d(\.\d)? while it is measured$/],
    ['drift', flat.map((x, i) => x + (i > 19 && i < 40 ? 4 : 0)), /^the level wanders between (19|20)(\.\d)? and 24/],
    [
      'autocorrelation',
      likeNeighbours(seeded(37), 300),
      /^each sample resembles the one before it \(correlation of ranks 0\.[45]\d\), which makes the interval 1\.[678] times as wide$/,
    ],
    [
      'bimodal',
      flat.map((x, i) => x + ((i * 7) % 10 < 3 ? 10 : 0)),
      /^the samples have two modes, 70 % of them about 20(\.\d)? and the others about 30/,
    ],
    ['outliers', flat.with(7, 100), /^one of 60 samples lies far off \(sample 8, [45]\.?\d* times the median\)$/],
    ['outliers', flat.with(7, 100).with(9, 90), /^2 of 60 samples lie far off \(the first: sample 8, /],
  ] as const)('name %s', (kind, samples, text) => {
    const found = concerns(samples).filter((concern) => concern.kind === kind)
    expect(found.map((concern) => concern.text)).toEqual([expect.stringMatching(text)])
  })
})

test('outliers are named by their place, and none are where most samples are equal', () => {
  const regular = Array.from({ length: 20 }, (_, i) => 10 + (i % 5))
  expect(outliers([...regular, 500, ...regular, -500])).toEqual([20, 41])
  expect(outliers([...regular.map(() => 10), 11])).toEqual([])
  expect(outliers([1, 1000, 2, 3])).toEqual([])
})
