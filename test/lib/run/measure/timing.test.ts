import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Clock } from '../../../../lib/run/clock.ts'
import { timingOf } from '../../../../lib/run/measure/timing.ts'

/** One that only an operation moves, as finely as numbers go. */
function stillClock(): Clock & { tick(ms: number): void } {
  let at = 0
  return {
    now: () => new Date(0),
    monotonic: () => at,
    after: () => () => {},
    tick: (ms) => {
      at += ms
    },
  }
}

/** Samples of an operation that takes `ms`, by a clock that only it moves. */
function timed(ms: number, { asynchronous = false } = {}) {
  const clock = stillClock()
  const timing = timingOf(clock)
  let done = 0
  const work = () => {
    clock.tick(ms)
    return ++done
  }
  const operation: () => number | Promise<number> = asynchronous ? async () => work() : work
  return {
    timing,
    done: () => done,
    take: (round: number, variant?: string) => timing.sample(variant, round)(operation),
  }
}

describe('an operation', () => {
  test.each([true, false])('that is long enough is done once a sample (asynchronous: %p)', async (asynchronous) => {
    const { take, done, timing } = timed(25, { asynchronous })
    for (const round of [0, 0, 1, 2]) expect(await take(round)).toEqual({ seconds: 0.025, value: done() })
    expect(done()).toBe(4)
    expect(timing.batches()).toEqual({ all: 1 })
  })

  test.each([true, false])(
    'that is too short is done often, and told as one (asynchronous: %p)',
    async (asynchronous) => {
      await fc.assert(
        fc.asyncProperty(fc.double({ min: 0.0005, max: 0.09, noNaN: true }), async (ms) => {
          const { take, done, timing } = timed(ms, { asynchronous })
          expect((await take(1)).seconds * 1000).toBeCloseTo(ms, 9)
          const { all: batch = 0 } = timing.batches()
          expect(batch * ms).toBeWithin(5, 60)
          for (const round of [2, 3]) {
            const before = done()
            expect((await take(round)).seconds * 1000).toBeCloseTo(ms, 9)
            expect(done() - before).toBe(batch)
          }
        }),
        { numRuns: 30 },
      )
    },
  )

  test('keeps its batch from the second round on, whatever becomes of it', async () => {
    const clock = stillClock()
    const timing = timingOf(clock)
    let ms = 1
    const take = (round: number) => timing.sample(undefined, round)(() => clock.tick(ms))
    await take(1)
    ms = 0.01
    expect((await take(2)).seconds).toBeCloseTo(1e-5, 12)
    expect(timing.batches()).toEqual({ all: 1 })
  })

  test('has a batch for each variant and for each call in a sample', async () => {
    const clock = stillClock()
    const timing = timingOf(clock)
    for (const variant of ['short', 'long']) {
      const time = timing.sample(variant, 1)
      await time(() => clock.tick(variant === 'short' ? 0.05 : 1))
      await time(() => clock.tick(1))
    }
    const { short = 0, ...others } = timing.batches()
    expect(short * 0.05).toBeGreaterThanOrEqual(5)
    expect(others).toEqual({ 'short [2]': 1, long: 1, 'long [2]': 1 })
  })

  test('keeps apart the second call of one variant and another that is called like it', async () => {
    const clock = stillClock()
    const timing = timingOf(clock)
    const first = timing.sample('a', 1)
    await first(() => clock.tick(1))
    await first(() => clock.tick(0.01))
    await timing.sample('a (2)', 1)(() => clock.tick(1))
    const { a, 'a (2)': like } = timing.batches()
    expect([a, like]).toEqual([1, 1])
  })

  test('is done as often as the plan says', async () => {
    const clock = stillClock()
    const timing = timingOf(clock)
    let done = 0
    const operation = () => {
      clock.tick(0.001)
      done += 1
    }
    await timing.sample(undefined, 1)(operation, { times: 1 })
    expect(done).toBe(1)
    expect((await timing.sample(undefined, 2)(operation, { times: 4 })).seconds).toBeCloseTo(1e-6, 12)
    expect(done).toBe(5)
  })

  test('of a clock that stands still comes to an end, and is done once from then on', async () => {
    const { take, done, timing } = timed(0)
    expect((await take(0)).seconds).toBe(0)
    const before = done()
    expect(before).toBeWithin(2 ** 20, 2 ** 22)
    for (const round of [0, 1, 2]) await take(round)
    expect([done() - before, timing.batches()]).toEqual([3, { all: 1 }])
  })

  test('that is synchronous is not awaited each time', async () => {
    const clock = stillClock()
    let turns = 0
    let over = false
    const turn = (): void => {
      turns += 1
      if (!over) queueMicrotask(turn)
    }
    queueMicrotask(turn)
    await timingOf(clock).sample(undefined, 2)(() => clock.tick(1), { times: 1000 })
    over = true
    expect(turns).toBeLessThan(50)
  })

  test('that throws throws here', () => {
    const time = timingOf(stillClock()).sample(undefined, 1)
    const wrong = () => {
      throw new Error('wrong')
    }
    expect(time(wrong)).rejects.toThrow('wrong')
    expect(time(async () => wrong())).rejects.toThrow('wrong')
  })
})
