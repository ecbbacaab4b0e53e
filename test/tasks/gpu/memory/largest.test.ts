import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type Hunt, largest, type Trial } from '../../../../tasks/gpu/memory/largest.ts'

const hunt: Hunt = { what: 'batch', from: 1, most: 1 << 20, tolerance: 0.02 }
const tooMuch: Trial = { kind: 'does not fit', why: 'out of memory' }

const limitedTo = (limit: number) => async (size: number) => (size <= limit ? ({ kind: 'fits' } as const) : tooMuch)

describe('the largest that fits', () => {
  test.each([
    [0, 0, 1],
    [1, 1, 4],
    [37, 37, 14],
  ])('of %i is %i', async (limit, size, trials) => {
    const found = await largest(limitedTo(limit), hunt)
    expect(found).toMatchObject({ size, capped: false })
    expect(found.trials).toHaveLength(trials)
  })

  test('of 1,000 is near enough, and was tried twice more', async () => {
    const found = await largest(limitedTo(1000), hunt)
    expect(found.size).toBeGreaterThan(980)
    expect(found.size).toBeLessThanOrEqual(1000)
    expect(found.trials.slice(-2)).toEqual([
      { size: found.size, fits: true },
      { size: found.size, fits: true },
    ])
  })

  test('of more than may be asked for is that, and says so', async () => {
    expect(await largest(limitedTo(1e9), { ...hunt, from: 64, most: 1000 })).toMatchObject({ size: 1000, capped: true })
  })

  test('is within the tolerance for any limit, in few trials, each below what may be asked for', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(200_000), fc.integer({ min: 1, max: 300 }), async (limit, from) => {
        const found = await largest(limitedTo(limit), { ...hunt, from, most: 100_000 })
        const right = Math.min(limit, 100_000)
        expect(found.size).toBeLessThanOrEqual(right)
        expect(right - found.size).toBeLessThanOrEqual(Math.max(0, 0.02 * found.size))
        expect(found.trials.length).toBeLessThanOrEqual(28)
        expect(found.trials.every(({ size }) => size >= 1 && size <= 100_000)).toBe(true)
      }),
    ))

  test('never is one that failed: where the border is flaky, what does not fit again is too large', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 100, max: 5000 }), fc.infiniteStream(fc.boolean()), async (limit, coins) => {
        // Between 90 % and 100 % of the limit it depends.
        const found = await largest(async (size) => {
          const fits = size <= 0.9 * limit || (size <= limit && coins.next().value)
          return fits ? { kind: 'fits' } : tooMuch
        }, hunt)
        expect(found.size).toBeLessThanOrEqual(limit)
        expect(found.size).toBeGreaterThanOrEqual(0.9 * limit * 0.98 - 1)
        const last = found.trials.findLastIndex(({ size, fits }) => !fits && size <= found.size)
        expect(last).toBe(-1)
        expect(found.trials.filter(({ size, fits }) => fits && size === found.size).length).toBeGreaterThanOrEqual(3)
      }),
    ))

  test('is not sought on where a trial breaks: its sentence is the answer', async () => {
    let trials = 0
    const breaking = async (size: number): Promise<Trial> => {
      trials++
      return size < 8 ? { kind: 'fits' } : { kind: 'broken', sentence: 'the GPU was lost' }
    }
    await expect(largest(breaking, hunt)).rejects.toThrow(
      'the search for the largest batch ended at 8: the GPU was lost',
    )
    expect(trials).toBe(4)
  })
})
