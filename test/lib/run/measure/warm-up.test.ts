import { describe, expect, test } from 'bun:test'
import { lower, quantity } from '../../../../lib/plan/metric.ts'
import { scene } from './scene.ts'

const seconds = (value: number) => ({ time: quantity(value, 's') })

describe('the warm-up', () => {
  const warmed = async (numbers: readonly number[], more: object, ms = 100) => {
    let at = 0
    const { ended, metric } = await scene((plan, tick) => {
      const run = () => {
        tick(ms)
        return seconds(numbers[Math.min(at++, numbers.length - 1)] ?? 0)
      }
      plan.measure({ name: 'm', metrics: { time: lower('s') }, ...more, run })
    })
    return { warmup: ended('m').sampling?.warmup, samples: metric('m', 'time').samples }
  }

  test('of as many rounds as the plan says does not count', async () => {
    expect(await warmed([9, 8, 1, 2, 3], { warmup: 2, samples: 3 })).toEqual({
      warmup: { rounds: 2, steady: false, because: 'the plan says how many' },
      samples: [1, 2, 3],
    })
  })

  test('ends where the numbers no longer fall, and says so', async () => {
    const falling = [...Array.from({ length: 14 }, (_, i) => 100 - 6 * i), 10, 11, 10, 12, 11, 10, 12, 10, 11, 12]
    const { warmup, samples } = await warmed([...falling, ...falling.slice(-10), ...falling.slice(-10)], {
      samples: 5,
      budget: '60 s',
    })
    expect(warmup).toMatchObject({ steady: true })
    expect(warmup?.because).toMatch(/^in the last \d+ rounds no metric rises or falls$/)
    expect(warmup?.rounds).toBeGreaterThan(14)
    expect(Math.max(...samples)).toBeLessThanOrEqual(12)
  })

  test('is given up after a fifth of the budget', async () => {
    const { warmup } = await warmed(
      Array.from({ length: 1000 }, (_, i) => i),
      { budget: '10 s' },
    )
    expect(warmup).toEqual({ rounds: 20, steady: false, because: 'not steady within 20 % of the budget' })
  })

  test('takes no more rounds than are measured where nobody says how long it may take', async () => {
    const { warmup } = await warmed(
      Array.from({ length: 1000 }, (_, i) => i),
      { samples: 7 },
    )
    expect(warmup).toEqual({
      rounds: 7,
      steady: false,
      because: 'not steady after as many rounds as are to be measured',
    })
  })

  test('comes to an end where neither the clock goes on nor the numbers are steady', async () => {
    const rising = Array.from({ length: 25_000 }, (_, i) => i)
    expect((await warmed(rising, {}, 0)).warmup).toEqual({
      rounds: 20_000,
      steady: false,
      because: 'not steady after 20000 rounds',
    })
  })

  test('of short operations goes on until what a runtime compiles is compiled', async () => {
    expect((await warmed([1], {}, 1)).warmup).toMatchObject({ rounds: 250, steady: true })
    expect((await warmed([1], {}, 0.001)).warmup?.rounds).toBeWithin(1000, 1500)
  })
})
