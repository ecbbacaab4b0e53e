import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { onSoftware, wrongIn } from '../../../benchmarks/gpu/on-software.ts'
import { softwareGpu } from '../../../gpu-software.ts'

setDefaultTimeout(180_000)

const why = softwareGpu === undefined ? ': skipped, as there is no software GPU' : ''
const size = 3001

describe.skipIf(why !== '')(`loading a kernel${why}`, () => {
  let gpu: Awaited<ReturnType<typeof onSoftware>>
  beforeAll(async () => {
    gpu = await onSoftware()
  })
  afterAll(() => gpu.close())

  async function loaded(kernel: string, options: Readonly<Record<string, string>> = {}, seconds?: number) {
    const outcome = await gpu.load(kernel, size, options, seconds)
    if (outcome.kind !== 'answered') throw new Error(outcome.sentence)
    return outcome.value
  }

  test('tries each tuning, keeps the fastest, and says what it moves and holds', async () => {
    const { loaded: id, tuning, search, ...rest } = await loaded('stream-triad')
    const fastest = search.toSorted((a, b) => (a.seconds ?? Infinity) - (b.seconds ?? Infinity))[0]
    expect(search.length).toBe(8)
    expect(search.every(({ seconds, refused }) => seconds !== undefined && seconds > 0 && refused === undefined)).toBe(
      true,
    )
    expect(tuning).toEqual(fastest?.tuning ?? {})
    expect(rest).toMatchObject({ bytes: 12 * size, flop: 0, count: 1, footprint: 3 * (4 * size + 65_536) })
    expect(rest.compileSeconds).toBeGreaterThan(0)
    await gpu.unload(id)
  })

  test('a tuning that computes nothing is out, though the one before it left what is right', async () => {
    const { loaded: id, tuning, search } = await loaded('stream-copy', { defect: 'does nothing', at: '1' }, 0.5)
    expect(search.map(({ refused }) => refused === undefined)).toEqual([true, false, ...Array(6).fill(true)])
    expect(search[1]).toMatchObject({ seconds: undefined, refused: expect.stringMatching(/^c\[0\] is NaN, where /) })
    expect(tuning).not.toEqual(search[1]?.tuning ?? {})
    expect(await gpu.unload(id)).toMatchObject({ kind: 'answered' })
  })

  test('a tuning that does not compile is out', async () => {
    const { loaded: id, search } = await loaded('stream-copy', { defect: 'does not compile', at: '0' })
    expect(search[0]?.refused).toMatch(/^line \d+:\d+: expected '\{' for function body$/)
    expect(search.filter(({ refused }) => refused !== undefined).length).toBe(1)
    await gpu.unload(id)
  })

  test('several kernels are loaded at once, and each has its own memory', async () => {
    const [one, two] = [await loaded('stream-copy'), await loaded('stream-mul')]
    for (const { loaded: id } of [one, two, one]) expect((await gpu.sample(id, 0.001)).kind).toBe('answered')
    for (const { loaded: id } of [one, two]) expect((await gpu.unload(id)).kind).toBe('answered')
  })

  test('a kernel that needs what the device has not is refused', async () => {
    expect(await wrongIn(gpu, 'stream-copy', size, { needs: 'shader-f16' })).toMatch(
      /^refused: Cannot run kernel stream-copy as 'features' must be with shader-f16: current value is .*timestamp-query/,
    )
  })

  test('what there is no memory for is refused, where it would else read as zeros, and the device goes on', async () => {
    const { maxBufferSize = 0 } = gpu.facts.limits
    const most = maxBufferSize / 4 - 65_536 / 4 // with its guard all that a buffer may have, which SwiftShader then can't give
    expect(await wrongIn(gpu, 'stream-copy', most, { tuning: '0' })).toMatch(/VK_ERROR_OUT_OF_DEVICE_MEMORY$/)
    expect(await wrongIn(gpu, 'stream-copy', size, { tuning: '0' })).toBeUndefined()
  })

  test('what moves bytes of the host has no time of the device, all else has both', async () => {
    for (const [kernel, timed] of [
      ['upload', false],
      ['download', false],
      ['buffer-copy', true],
      ['stream-copy', true],
    ] as const) {
      const { loaded: id } = await loaded(kernel)
      const sample = await gpu.sample(id, 0.001)
      if (sample.kind !== 'answered') throw new Error(sample.sentence)
      expect(sample.value.wallSeconds).toBeGreaterThan(0)
      if (timed) expect(sample.value.deviceSeconds).toBeGreaterThan(0)
      else expect(sample.value.deviceSeconds).toBeUndefined()
      await gpu.unload(id)
    }
  })
})
