import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { fakeMachine } from '../../../../lib/machine/fake.ts'
import { atLeast, atMost, lower, quantity } from '../../../../lib/plan/metric.ts'
import { Failure } from '../../../../lib/plan/problem.ts'
import { looks } from '../../../../lib/stats/decide.ts'
import { chance, scene, timings } from './scene.ts'

const seconds = (value: number) => ({ time: quantity(value, 's') })

describe('a measure stops', () => {
  test('as soon as its interval is as tight as asked', async () => {
    const next = timings(1, 0.02)
    const { ended, metric } = await scene((plan, tick) => {
      plan.measure({
        name: 'm',
        metrics: { time: lower('s') },
        warmup: 0,
        run: () => {
          tick(100)
          return seconds(next())
        },
      })
    })
    const { value = 0, interval, samples } = metric('m', 'time')
    expect(ended('m').sampling).toMatchObject({ stopped: 'precise', rounds: samples.length })
    expect(((interval?.high ?? 9) - (interval?.low ?? 0)) / 2 / value).toBeLessThanOrEqual(0.02)
    expect(looks(10, 1000)).toContain(samples.length)
  })

  test('with equal samples at the first look, whose number the plan chooses', async () => {
    const { ended } = await scene((plan) => {
      const rule = { metrics: { time: lower('s') }, warmup: 0, run: () => seconds(1) } as const
      plan.measure({ name: 'as it is', ...rule })
      plan.measure({ name: 'sooner', ...rule, minSamples: 3 })
    })
    expect([ended('as it is').sampling?.rounds, ended('sooner').sampling?.rounds]).toEqual([10, 3])
  })

  test('not while its samples drift, where they are to be judged', async () => {
    const next = timings(1, 0.05)
    const { ended, metric } = await scene((plan) => {
      const rule = { warmup: 0, precision: 9 } as const
      const late = (round: number) => Math.max(0, 12 - round) / 20 + next()
      plan.measure({
        ...{ name: 'judged', ...rule, metrics: { time: lower('s', atMost(99, 's')) } },
        run: (_, { round }) => seconds(late(round)),
      })
      plan.measure({
        ...{ name: 'recorded', ...rule, metrics: { time: lower('s') } },
        run: (_, { round }) => seconds(late(round)),
      })
    })
    expect(ended('recorded').sampling).toMatchObject({ stopped: 'precise', rounds: 10 })
    expect(ended('judged').sampling?.rounds).toBeGreaterThan(10)
    expect(metric('judged', 'time').verdict).toBe('pass')
  })

  test('when its budget is spent, warm-up included, however few samples there are', async () => {
    const next = timings(1, 2)
    const { ended } = await scene((plan, tick) => {
      const rule = {
        metrics: { time: lower('s') },
        run: () => {
          tick(1000)
          return seconds(next())
        },
      } as const
      plan.measure({ name: 'half a minute', ...rule, warmup: 4 })
      plan.measure({ name: 'its own', ...rule, warmup: 0, budget: '3500 ms' })
      plan.measure({ name: 'one, whatever it takes', ...rule, warmup: 4, budget: '1 s' })
      plan.measure({ name: 'also a fixed number', ...rule, warmup: 0, samples: 9, budget: '2 s' })
    })
    const rounds = (name: string) => [ended(name).sampling?.stopped, ended(name).sampling?.rounds]
    expect(rounds('half a minute')).toEqual(['budget', 26])
    expect(rounds('its own')).toEqual(['budget', 4])
    expect(rounds('one, whatever it takes')).toEqual(['budget', 1])
    expect(rounds('also a fixed number')).toEqual(['budget', 2])
  })

  test('after the samples the plan says, or the most there may be', async () => {
    const next = timings(1, 2)
    const { ended } = await scene((plan) => {
      const rule = { metrics: { time: lower('s') }, warmup: 0, run: () => seconds(next()) } as const
      plan.measure({ name: 'fixed', ...rule, samples: 7 })
      plan.measure({ name: 'most', ...rule, maxSamples: 40 })
    })
    expect(ended('fixed').sampling).toMatchObject({ stopped: 'fixed', rounds: 7 })
    expect(ended('most').sampling).toMatchObject({ stopped: 'most', rounds: 40 })
  })

  test('whatever its samples are: not before a look, the most or the budget, and never later', async () => {
    const settings = fc.record({
      spread: fc.constantFrom(0, 0.01, 0.1, 1),
      seed: fc.integer({ min: 1, max: 1e6 }),
      minSamples: fc.integer({ min: 1, max: 20 }),
      more: fc.integer({ min: 0, max: 60 }),
      ms: fc.integer({ min: 1, max: 400 }),
      budget: fc.integer({ min: 1, max: 20 }),
      bound: fc.option(fc.double({ min: 0.5, max: 2, noNaN: true })),
    })
    await fc.assert(
      fc.asyncProperty(settings, async ({ spread, seed, minSamples, more, ms, budget, bound }) => {
        const next = timings(1, spread, chance(seed))
        const maxSamples = minSamples + more
        const { ended, metric } = await scene((plan, tick) => {
          const time = lower('s', bound === null ? undefined : atMost(bound, 's'))
          plan.measure({
            ...{ name: 'm', metrics: { time }, minSamples, maxSamples, budget: `${budget} s`, warmup: 0 },
            run: () => {
              tick(ms)
              return seconds(next())
            },
          })
        })
        const { stopped, rounds = 0 } = ended('m').sampling ?? {}
        expect(metric('m', 'time').samples).toHaveLength(rounds)
        expect(rounds).toBeWithin(1, maxSamples + 1)
        if (rounds > 1) expect((rounds - 1) * ms).toBeLessThan(budget * 1000)
        if (stopped === 'budget') expect(rounds * ms).toBeGreaterThanOrEqual(budget * 1000)
        else if (stopped === 'most') expect(rounds).toBe(maxSamples)
        else {
          expect(stopped).toBe(bound === null ? 'precise' : 'decided')
          expect(looks(minSamples, maxSamples)).toContain(rounds)
        }
        const { verdict, needed } = metric('m', 'time')
        if (stopped === 'decided') expect(['pass', 'fail', 'marginal']).toContain(verdict)
        if (needed !== undefined) expect(needed).toBeGreaterThan(rounds)
      }),
      { numRuns: 50 },
    )
  })
})

describe('a sample', () => {
  test('knows its round, 0 while warming up, and its variant; each round has every variant once', async () => {
    const seen: [number, string][] = []
    const { ended } = await scene(
      (plan) => {
        plan.measure({
          ...{ name: 'm', metrics: { time: lower('s') }, variants: ['1', '2', '5'], samples: 20, warmup: 2 },
          run: (_, { round, variant }) => {
            seen.push([round, variant])
            return seconds(1)
          },
        })
      },
      { env: { ASSAY_SEED: '7' } },
    )
    const rounds = Array.from({ length: 22 }, (_, i) => seen.slice(3 * i, 3 * i + 3))
    for (const [index, round] of rounds.entries()) {
      expect(round.map(([, variant]) => variant).toSorted()).toEqual(['1', '2', '5'])
      expect(new Set(round.map(([number]) => number))).toEqual(new Set([Math.max(0, index - 1)]))
    }
    expect(new Set(rounds.map((round) => round.map(([, variant]) => variant).join())).size).toBeGreaterThan(3)
    expect(ended('m').sampling).toMatchObject({ seed: 7, rounds: 20 })
    expect(ended('m').output).toEqual({
      time: { '1': Array(20).fill(1), '2': Array(20).fill(1), '5': Array(20).fill(1) },
    })
  })

  test('comes in the same order with the same seed, of the plan or of the variable', async () => {
    const orders: string[] = []
    const run = async (seed: { readonly seed?: number }, ASSAY_SEED?: string) => {
      const seen: string[] = []
      const variants = ['1', '2', '3', '4', '5'] as const
      await scene(
        (plan) => {
          plan.measure({
            ...{ name: 'm', metrics: { time: lower('s') }, variants, samples: 5, warmup: 1, ...seed },
            run: (_, { variant }) => {
              seen.push(variant)
              return seconds(1)
            },
          })
        },
        { env: { ASSAY_SEED } },
      )
      orders.push(seen.join(' '))
    }
    await run({}, '1')
    await run({ seed: 1 })
    await run({ seed: 2 }, '1')
    expect(orders[1]).toBe(orders[0] ?? '')
    expect(orders[2]).not.toBe(orders[0] ?? '')
  })

  test.each([
    ['that is not finite', quantity(Number.NaN, 's'), 'a finite number of s: current value is NaN s'],
    ['of another unit', { value: 1, unit: 'ms' }, 'a finite number of s: current value is 1 ms'],
    ['that is missing', undefined, 'a finite number of s: current value is nothing'],
  ])('%s is the plan’s mistake', async (_, taken, sentence) => {
    const { ended } = await scene((plan) => {
      const run = (): { readonly time: typeof taken } => ({ time: taken })
      // As from a plan that is not type-checked.
      Reflect.apply(plan.measure, undefined, [{ name: 'm', metrics: { time: lower('s') }, run }])
    })
    expect(ended('m')).toMatchObject({
      outcome: 'errored',
      reason: `Cannot record a sample as 'time' must be ${sentence}`,
    })
  })

  test('whose answer is wrong fails the measure before a number counts', async () => {
    const { ended } = await scene((plan) => {
      plan.measure({
        ...{ name: 'm', metrics: { time: lower('s', atLeast(0, 's')) }, warmup: 0 },
        run: (_, { round }) => {
          if (round === 3) throw new Failure('4 of 5 images were written')
          return seconds(1)
        },
      })
    })
    expect(ended('m')).toMatchObject({ outcome: 'failed', reason: '4 of 5 images were written' })
    expect(ended('m').metrics).toBeUndefined()
  })

  test('leaves others their turn also by a clock that stands', async () => {
    let [samples, between] = [0, 0]
    await scene((plan) => {
      plan.measure({
        ...{ name: 'm', metrics: { time: lower('s') }, samples: 2500, warmup: 0 },
        run: () => {
          if (samples++ === 0) setImmediate(() => (between = samples))
          return seconds(1)
        },
      })
    })
    expect(between).toBeWithin(1, 2500)
  })

  test('is announced with the time and the precision that are reached and asked', async () => {
    const next = timings(1, 0.5)
    const { shown } = await scene((plan, tick) => {
      const rule = {
        metrics: { time: lower('s') },
        run: () => {
          tick(1000)
          return seconds(next())
        },
      } as const
      plan.measure({ name: 'm', ...rule, warmup: 1, budget: '13 s' })
      plan.measure({ name: 'n', ...rule, samples: 2, warmup: 0 })
    })
    expect(shown.slice(0, 3)).toEqual(['warming up, round 1', 'sample 1, 1 s of 13 s', 'sample 2, 2 s of 13 s'])
    expect(shown.at(11)).toMatch(/^sample 11, 11 s of 13 s, ±\d+ % of 2 % asked$/)
    expect(shown.slice(-2)).toEqual(['sample 1 of 2', 'sample 2 of 2'])
  })
})

test('what the machine did meanwhile is recorded, and which machine it was', async () => {
  const disturbances = [{ kind: 'load', text: 'other programs used 0.8 of 2 cores' }] as const
  const { ended, rig } = await scene(
    (plan) => {
      plan.measure({ name: 'm', metrics: { time: lower('s') }, samples: 2, run: () => seconds(1) })
    },
    { machine: fakeMachine('abc', disturbances) },
  )
  expect(ended('m').sampling?.disturbances).toEqual([...disturbances])
  expect(rig.events[0]).toMatchObject({ environment: { machine: 'abc' } })
})

test('a derived metric is worked out of each round', async () => {
  const { metric, ended } = await scene((plan) => {
    const run = (_: unknown, { variant, round }: { readonly variant: string; readonly round: number }) =>
      seconds(round + Number(variant) * 10)
    const variants = ['1', '5'] as const
    plan.measure({
      ...{ name: 'm', metrics: { time: lower('s') }, variants, samples: 4, warmup: 1, run },
      derived: { 'one more': { ...lower('s', atMost(11, 's')), from: ({ time }) => (time['5'] - time['1']) / 4 } },
    })
    plan.measure({
      ...{ name: 'n', metrics: { time: lower('s') }, samples: 4, warmup: 0, run: () => seconds(0) },
      derived: { share: { ...lower('1'), from: ({ time }) => time / time } },
    })
  })
  expect(metric('m', 'one more')).toMatchObject({ samples: [10, 10, 10, 10], verdict: 'pass' })
  expect(ended('m').output).toMatchObject({ 'one more': [10, 10, 10, 10] })
  expect(ended('n')).toMatchObject({
    outcome: 'errored',
    reason: "Cannot work out a metric as 'share' must be a finite number of 1: current value is NaN",
  })
})
