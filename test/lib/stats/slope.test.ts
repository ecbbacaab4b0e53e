import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { slope } from '../../../lib/stats/slope.ts'

test("is the worked example of Sen's estimate, with one wild value left out of account", () => {
  const xs = [1, 2, 3, 4, 10, 12, 18]
  // Sen's own data (1968, section 6): the estimate is 4.
  expect(slope(xs, [9, 15, 19, 20, 45, 55, 78])?.value).toBeCloseTo(4, 10)
})

test('needs four points, and two places', () => {
  expect(slope([1, 2, 3], [1, 2, 3])).toBeUndefined()
  expect(slope([1, 1, 1, 1], [1, 2, 3, 4])).toBeUndefined()
})

test('of a line is its own, whatever a fifth of the points does', () => {
  fc.assert(
    fc.property(fc.integer({ min: -50, max: 50 }), fc.array(fc.integer(), { maxLength: 4 }), (rise, wild) => {
      const xs = Array.from({ length: 21 }, (_, x) => x)
      const ys = xs.map((x) =>
        wild[Math.floor(x / 5)] !== undefined && x % 5 === 2 ? (wild[Math.floor(x / 5)] ?? 0) : rise * x,
      )
      const found = slope(xs, ys)
      expect(found?.value).toBe(rise)
      expect(found !== undefined && found.low <= rise && rise <= found.high).toBe(true)
    }),
  )
})

test('holds the true slope in 19 of 20 noisy series', () => {
  let held = 0
  const rounds = 2000
  let state = 7
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return state / 2 ** 31
  }
  const noise = () => random() + random() + random() + random() - 2
  const xs = Array.from({ length: 20 }, (_, x) => x)
  for (let round = 0; round < rounds; round++) {
    const found = slope(
      xs,
      xs.map((x) => 0.3 * x + noise()),
    )
    if (found !== undefined && found.low <= 0.3 && found.high >= 0.3) held += 1
  }
  expect(held / rounds).toBeGreaterThan(0.935)
  expect(held / rounds).toBeLessThan(0.97)
})
