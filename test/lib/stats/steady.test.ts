import { describe, expect, test } from 'bun:test'
import { normal, type Random, seeded } from '../../../benchmarks/statistics/draw.ts'
import { looks } from '../../../lib/stats/decide.ts'
import { steadyFrom } from '../../../lib/stats/steady.ts'

describe('samples are steady', () => {
  test('from the first that is like all after it, and say so', () => {
    expect(steadyFrom([90, 20, 10.1, 10.3, 10, 10.2, 9.9, 10.1])).toEqual({
      from: 2,
      because: 'after the first 2 of 8 samples the others neither rise nor fall',
    })
    expect(steadyFrom([10.1, 10.3, 10, 10.2, 9.9, 10.1])).toEqual({
      from: 0,
      because: 'the first 6 samples neither rise nor fall',
    })
    expect(steadyFrom([5, 5, 5, 5, 5])?.from).toBe(0)
  })

  test('not while they rise or fall, nor where there are too few to tell', () => {
    for (const samples of [[], [1], [1, 1, 1, 1], [9, 8, 7, 6, 5], [9, 8, 7, 6, 5, 1.2, 1.1, 1.3, 1.2]])
      expect(steadyFrom(samples)).toBeUndefined()
  })

  /** What one sees who looks ever more seldom until samples are steady: how many it took, and where they were said to begin. */
  function warmUp(level: (i: number) => number, random: Random) {
    const samples: number[] = []
    for (const n of looks(5, 400)) {
      while (samples.length < n) samples.push(level(samples.length) * (1 + 0.01 * normal(random)))
      const steady = steadyFrom(samples)
      if (steady !== undefined) return { taken: n, from: steady.from }
    }
    return { taken: Infinity, from: Infinity }
  }

  test('after five to eight where they always were', () => {
    const random = seeded(41)
    const taken = Array.from({ length: 200 }, () => warmUp(() => 100, random).taken)
    expect(taken.filter((n) => n <= 8).length).toBeGreaterThan(180)
  })

  test('once what a first call costs is gone', () => {
    const random = seeded(42)
    const level = (i: number) => 100 * (1 + 3 * Math.exp(-i / 2))
    const over = Array.from({ length: 200 }, () => level(warmUp(level, random).taken) / 100 - 1)
    expect(over.filter((share) => share < 0.01).length).toBeGreaterThan(180)
  })
})
