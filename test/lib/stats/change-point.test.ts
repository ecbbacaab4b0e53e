import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { changePoints, flatErrorRate } from '../../../lib/stats/change-point.ts'

/** The same numbers from 0 to 1 in every test run (D. H. Lehmer's generator, with the factor of S. K. Park and K. W. Miller). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

/** What nights on one machine differ by: 1.5 % around the level, now and then by much more. */
const noises: Readonly<Record<string, (random: () => number) => number>> = {
  'normal noise': (random) => 1 + 0.015 * normal(random),
  'noise with heavy tails': (random) =>
    1 + (0.01 * normal(random)) / Math.sqrt((normal(random) ** 2 + normal(random) ** 2 + normal(random) ** 2) / 3),
  'noise with slow nights': (random) => 1 + 0.012 * normal(random) + (random() < 0.05 ? 0.1 * random() : 0),
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random())
}

const nights = (count: number, each: (night: number) => number) =>
  Array.from({ length: count }, (_, night) => each(night))

describe('a change point', () => {
  test.each(Object.entries(noises))('is found at most in 10 of 1,000 flat histories of 30 nights: %s', (_, noise) => {
    const random = seeded(20_261_121)
    const wrong = nights(1000, () => changePoints(nights(30, () => noise(random))).length).filter((n) => n > 0)
    expect(wrong.length).toBeLessThanOrEqual(10)
  })

  test.each(Object.entries(noises))('is found within two nights of a step of 5 %% in 30: %s', (_, noise) => {
    const random = seeded(20_261_122)
    let found = 0
    for (let history = 0; history < 300; history++) {
      const step = 5 + (history % 21)
      const points = changePoints(nights(30, (night) => noise(random) * (night < step ? 1 : 1.05)))
      if (points.length === 1 && Math.abs((points[0]?.at ?? 0) - step) <= 2) found++
    }
    // 298, 291 and 277 of 300.
    expect(found).toBeGreaterThanOrEqual(0.9 * 300)
  })

  test('of 25 metrics that share the error rate is told in at most 1 of 100 flat plans, and of one that moved eight nights ago', () => {
    const random = seeded(20_261_123)
    const noise = () => 1 + 0.015 * normal(random)
    const shared = flatErrorRate / 25
    let flat = 0
    for (let plan = 0; plan < 200; plan++)
      if (nights(25, () => changePoints(nights(30, noise), shared).length).some((n) => n > 0)) flat++
    expect(flat).toBeLessThanOrEqual(2)
    const moved = nights(
      100,
      () =>
        changePoints(
          nights(30, (night) => noise() * (night < 22 ? 1 : 1.05)),
          shared,
        ).length,
    )
    expect(moved.filter((n) => n === 1).length).toBeGreaterThanOrEqual(80)
  })

  test('has the ratio of the levels around it, where there are several', () => {
    const random = seeded(7)
    const level = (night: number) => (night < 20 ? 100 : night < 45 ? 110 : 99)
    const points = changePoints(nights(60, (night) => level(night) * (1 + 0.01 * normal(random))))
    expect(points.map(({ at }) => at)).toEqual([20, 45])
    expect(points.map(({ ratio }) => ratio)).toEqual([expect.closeTo(1.1, 1), expect.closeTo(0.9, 1)])
  })

  test('far beyond chance is found at an error rate that no number of random orders could show', () => {
    const random = seeded(31)
    const year = Array.from({ length: 365 }, (_, night) => (night < 200 ? 1 : 1.1) + 0.02 * normal(random))
    expect(changePoints(year, 1e-12).map(({ at }) => at)).toEqual([200])
    // Nine like these on one side of eighteen are as far apart once in 24,310 orders.
    const few = Array.from({ length: 18 }, (_, night) => (night < 9 ? 1 : 1.1) + 0.02 * normal(random))
    expect(changePoints(few, 1e-6)).toEqual([])
  })

  test('is not one odd night, nor two, nor any in a series that is short or never moves', () => {
    const random = seeded(9)
    const quiet = nights(40, () => 1 + 0.005 * normal(random))
    expect(changePoints(quiet.with(20, 5).with(21, 5))).toEqual([])
    expect(changePoints(nights(11, (night) => (night < 5 ? 1 : 2)))).toEqual([])
    expect(changePoints(nights(16, (night) => (night < 8 ? 1 : 2)))).toEqual([{ at: 8, ratio: 2 }])
    expect(changePoints(nights(40, () => 3))).toEqual([])
    expect(changePoints([])).toEqual([])
  })

  test('is found where most values are equal', () => {
    expect(changePoints(nights(30, (night) => (night < 24 ? 10 : 11)))).toEqual([{ at: 24, ratio: 1.1 }])
  })

  test('is the same for any unit, and for the same series', () => {
    const values = fc.array(fc.integer({ min: 900, max: 1100 }), { minLength: 6, maxLength: 40 })
    fc.assert(
      fc.property(values, (series) => {
        const places = changePoints(series).map(({ at }) => at)
        expect(changePoints(series.map((x) => x * 1024)).map(({ at }) => at)).toEqual(places)
        expect(changePoints(series).map(({ at }) => at)).toEqual(places)
      }),
      { numRuns: 50, seed: 20_261_121 },
    )
  })
})
