import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type Runner, samplerOf } from '../../../../tasks/gpu/device/sampler.ts'

/** A device by the rules that a real one is waited for: asleep for 0.8 of what is expected, then at once. `each` may change from run to run. */
function device(eachOf: (run: number) => number, timestamps = true) {
  const asked: number[] = []
  const run: Runner = async (operations, expected) => {
    const each = eachOf(asked.length)
    asked.push(operations)
    const [took, slept] = [operations * each, 0.8 * expected]
    return {
      operations,
      deviceSeconds: timestamps ? each : undefined,
      wallSeconds: Math.max(took, slept) / operations,
      overslept: slept > took,
    }
  }
  return { run, asked }
}

describe('a sample', () => {
  test('has as many operations as take about so long, once it is known how long one takes', async () => {
    const { run, asked } = device(() => 0.001)
    const sampler = await samplerOf(run, 1e6)
    expect((await sampler.sample(0.1)).operations).toBe(100)
    expect(asked).toEqual([1, 1, 16, 100])
    expect((await sampler.sample(0.1)).operations).toBe(100)
    expect(asked).toEqual([1, 1, 16, 100, 100])
  })

  test('is one operation where that takes longer', async () => {
    const { run, asked } = device(() => 3)
    const sampler = await samplerOf(run, 1e6)
    expect(await sampler.sample(0.1)).toEqual({ operations: 1, deviceSeconds: 3, wallSeconds: 3 })
    expect(asked).toEqual([1, 1, 1])
  })

  test('is no longer than asked for where one operation alone seems quicker than it is', async () => {
    const { run, asked } = device((at) => (at < 2 ? 1e-6 : 1e-3))
    const { operations } = await (await samplerOf(run, 1e6)).sample(0.1)
    expect(operations).toBe(100)
    expect(Math.max(...asked)).toBe(100)
  })

  test('is taken again, without sleep, where it was over while it was slept for', async () => {
    const { run, asked } = device((at) => (at < 4 ? 0.01 : 0.004), false)
    const sampler = await samplerOf(run, 1e6)
    expect((await sampler.sample(0.4)).wallSeconds).toBe(0.01)
    expect((await sampler.sample(0.4)).wallSeconds).toBe(0.004)
    expect(asked).toEqual([1, 1, 16, 40, 40, 50])
  })

  test('has no more operations than its limit', async () => {
    const { run } = device(() => 1e-6)
    expect((await (await samplerOf(run, 1000)).sample(1)).operations).toBe(1000)
  })

  test('ends on any device, and its wall clock never timed our sleep', async () => {
    const times = fc.array(fc.double({ min: 1e-7, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(times, fc.double({ min: 1e-6, max: 1, noNaN: true }), async (times, seconds) => {
        const { run } = device((at) => times[at % times.length] ?? 1, false)
        const sampler = await samplerOf(run, 1e5)
        const { wallSeconds } = await sampler.sample(seconds)
        expect(times.some((each) => Math.abs(each / wallSeconds - 1) < 1e-9)).toBe(true)
      }),
    )
  })
})
