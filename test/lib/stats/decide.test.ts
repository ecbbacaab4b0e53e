import { describe, expect, test } from 'bun:test'
import { normal, seeded, shapes } from '../../../benchmarks/statistics/draw.ts'
import { type Against, decided, stopped } from '../../../benchmarks/statistics/simulate.ts'
import { decide, levelText, looks, samplesNeeded, sureLevel } from '../../../lib/stats/decide.ts'
import { type Estimate, pairedRatioEstimate, quantileEstimate, ratioEstimate } from '../../../lib/stats/estimate.ts'

test.each([
  [5, 40, [5, 8, 12, 18, 27, 40]],
  [10, 10, [10]],
  [1, 4, [1, 2, 3, 4]],
])('one looks from %i to %i samples after %j', (least, most, counts) => expect(looks(least, most)).toEqual(counts))

/** What a median of n samples would be known to, each as far from it as its rank: no chance in it. */
function estimateOf(n: number, value: number, width: number): Estimate {
  const middle = (n - 1) / 2
  const estimate = quantileEstimate(
    // In an order without likeness of neighbours.
    Array.from({ length: n }, (_, i) => value + ((((i * 19) % n) - middle) / n) * width),
  )
  if (estimate === undefined) throw new Error('no samples')
  return estimate
}

describe('a decision', () => {
  test.each([
    ['far below it', 30, 'below'],
    ['far above it', -30, 'above'],
    ['about it', 0, 'inside'],
    ['close to it', 6, 'undecided'],
  ] as const)('of a median that lies %s', (_, away, decision) => {
    const found = decide(estimateOf(50, 100, 30), { bound: 100 + away, precision: 0.06, looks: 10 })
    expect(found.decision).toBe(decision)
    expect(found.level).toBe(0.95)
  })

  test('is at a level that is never rounded up', () => {
    expect([1, 12, 1000].map((looks) => levelText(sureLevel(looks)))).toEqual(['99 %', '99.91 %', '99.99 %'])
  })

  test('asks more of a look the more there are', () => {
    const estimate = estimateOf(50, 100, 30)
    expect(decide(estimate, { bound: 107, looks: 1 }).decision).toBe('below')
    expect(decide(estimate, { bound: 107, looks: 100 }).decision).toBe('undecided')
  })

  test('of samples that are all the bound puts them on the side that it belongs to', () => {
    const same = quantileEstimate(Array.from({ length: 20 }, () => 4096))
    if (same === undefined) throw new Error('no samples')
    for (const touching of ['above', 'below'] as const)
      expect(decide(same, { bound: 4096, touching, looks: 5 }).decision).toBe(touching)
  })

  test.each([
    [110, 100, 1.1],
    [5000, 4000, 1.25],
    [0.3, 0.1, 3],
  ])('of a ratio that is always %p to %p is on the side of %p', (own, theirs, bound) => {
    const [a, b] = [own, theirs].map((x) => Array.from({ length: 20 }, () => x))
    for (const estimate of [ratioEstimate(a ?? [], b ?? []), pairedRatioEstimate(a ?? [], b ?? [])])
      expect(estimate && decide(estimate, { bound, touching: 'below', looks: 5 }).decision).toBe('below')
  })

  test('without a bound tells whether the interval is as tight as asked, and gives none of one sample', () => {
    expect(decide(estimateOf(50, 100, 30), { precision: 0.1, looks: 5 }).decision).toBe('inside')
    expect(decide(estimateOf(50, 100, 30), { precision: 0.01, looks: 5 }).decision).toBe('undecided')
    expect(decide(estimateOf(50, 100, 30), { looks: 5 }).decision).toBe('undecided')
    const one = decide(estimateOf(1, 100, 30), { precision: 0.1, looks: 5 })
    expect([one.decision, one.interval]).toEqual(['undecided', undefined])
  })

  // 1,000 comparisons each; with the level of a single look at every one, 20 to 60 of them would be wrong.
  test.each(['bound', 'baseline', 'pairs'] as const satisfies readonly Against[])(
    'is wrong in at most one of a hundred comparisons with the same: %s',
    (against) => {
      const draw = (random: () => number) => shapes.twoModes.draw(random) / shapes.twoModes.median
      const { above, below } = decided({ against, draw, factor: 1, baseline: 30, most: 100 }, 1000, 21)
      expect(above).toBeLessThanOrEqual(0.01)
      expect(below).toBeLessThanOrEqual(0.01)
    },
  )

  test.each(['bound', 'baseline', 'pairs'] as const)('finds what is 5 %% slower against a %s', (against) => {
    const draw = (random: () => number) => Math.exp(0.05 * normal(random))
    const { above } = decided({ against, draw, factor: 1.05, baseline: 200, most: 400 }, 200, 22)
    expect(above).toBeGreaterThanOrEqual(0.99)
  })

  test.each([
    [shapes.normal, 0.03],
    [shapes.logNormal, 0.2],
    [shapes.twoModes, 0.03],
  ] as const)('by precision alone leaves an interval that holds in 95 of a hundred series: %j', (shape, precision) => {
    expect(stopped(shape, precision, 1500, 23).held).toBeGreaterThanOrEqual(0.95)
  })

  test('by precision alone is not taken in by samples of one of two equal modes', () => {
    // One in nine would be, if only the interval that is shown had to be tight.
    expect(stopped(shapes.halves, 0.05, 1500, 24).held).toBeGreaterThanOrEqual(0.935)
  })
})

describe('the number of samples needed', () => {
  test('is about what it then takes', () => {
    const random = seeded(24)
    const draw = (n: number) => Array.from({ length: n }, () => 100 + 5 * normal(random))
    const first = quantileEstimate(draw(400))
    const needed = (first && samplesNeeded(first, 101, 8)) ?? 0
    const decided = (n: number) => {
      const found = Array.from({ length: 200 }, () => quantileEstimate(draw(n)))
      return found.filter((one) => one && decide(one, { bound: 101, looks: 8 }).decision === 'below').length / 200
    }
    expect(decided(needed)).toBeWithin(0.3, 0.75)
    expect(decided(3 * needed)).toBeGreaterThan(0.95)
    expect(decided(Math.round(needed / 3))).toBeLessThan(0.15)
  })

  test('is none where no number would do: at the bound itself, or where the baseline says too little', () => {
    expect(samplesNeeded(estimateOf(51, 100, 30), 100, 8)).toBeUndefined()
    const random = seeded(25)
    const draw = (n: number, level: number) => Array.from({ length: n }, () => level + 5 * normal(random))
    const few = ratioEstimate(draw(20, 102), draw(10, 100))
    expect(few && samplesNeeded(few, 1, 8)).toBeUndefined()
    const many = ratioEstimate(draw(20, 105), draw(1000, 100))
    expect(many && samplesNeeded(many, 1, 8)).toBeGreaterThan(20)
  })
})
