import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import fc from 'fast-check'
import type { Kernel } from '../../../tasks/gpu/kernel.ts'
import { softwareGpu } from '../../gpu-software.ts'
import { onSoftware, wrongIn } from './on-software.ts'

// A busy machine takes seconds to compile a shader with barriers for the CPU.
setDefaultTimeout(180_000)

const why = softwareGpu === undefined ? ': skipped, as there is no software GPU' : ''
const long = process.env.ASSAY_LONG === 'yes'

/** Over arrays, element by element. */
const streams = ['stream-copy', 'stream-mul', 'stream-add', 'stream-triad']
/** With barriers, which a CPU is slow to compile and to run. */
const blocks = ['stream-dot', 'reduce', 'scan']
const counts = ['atomics-contended', 'atomics-spread']
const transfers = ['upload', 'download', 'buffer-copy']
const latencies = ['latency-submit', 'latency-dispatch', 'latency-round-trip']

describe.skipIf(why !== '')(`GPU kernels on a software driver${why}`, () => {
  let gpu: Awaited<ReturnType<typeof onSoftware>>
  // Compiles shaders with barriers in a fifth of the time.
  let unchecked: Awaited<ReturnType<typeof onSoftware>>
  beforeAll(async () => {
    gpu = await onSoftware()
    unchecked = await onSoftware({ unchecked: true })
  })
  afterAll(() => Promise.all([gpu.close(), unchecked.close()]))

  // Neither a multiple of a workgroup nor of a vector.
  test.each([...streams, ...counts, ...transfers])('%s is right at every tuning', async (name) => {
    const { default: kernel }: { default: Kernel } = await import(`../../../benchmarks/gpu/${name}.ts`)
    // One by one: of several, those that are slower than the best need not be checked.
    for (const at of kernel.tunings(33_027, gpu.facts).keys())
      expect(await wrongIn(gpu, name, 33_027, { tuning: String(at) })).toBeUndefined()
  })

  test.each(blocks)('%s is right with all bounds checked', async (kernel) => {
    expect(await wrongIn(gpu, kernel, 5003, { tuning: '0' })).toBeUndefined()
  })

  test.each(latencies)('%s is right', async (kernel) => {
    expect(await wrongIn(gpu, kernel, 100)).toBeUndefined()
  })

  test('kernels over arrays are right at any size and tuning', async () => {
    const tried = fc.record({
      kernel: fc.constantFrom(...streams, ...counts, ...transfers),
      tuning: fc.nat(15).map(String),
      size: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 70_000 })),
      row: fc.constantFrom('65535', '7'),
    })
    await fc.assert(
      fc.asyncProperty(tried, async ({ kernel, size, ...options }) => {
        expect(await wrongIn(gpu, kernel, size, options)).toBeUndefined()
      }),
      { numRuns: long ? 500 : 40 },
    )
  })

  test('kernels with barriers are right at any size and tuning', async () => {
    const tried = fc.record({
      kernel: fc.constantFrom(...blocks),
      tuning: fc.nat(15).map(String),
      size: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9_000 })),
      row: fc.constantFrom('65535', '3'),
    })
    await fc.assert(
      fc.asyncProperty(tried, async ({ kernel, size, ...options }) => {
        expect(await wrongIn(unchecked, kernel, size, options)).toBeUndefined()
      }),
      { numRuns: long ? 100 : 12 },
    )
  })

  test('what does not fit into the largest binding is refused with a sentence', async () => {
    expect(await wrongIn(gpu, 'stream-copy', 2 ** 28)).toBe(
      "refused: Cannot run kernel stream-copy at size 268435456 on SwiftShader Device (Subzero): Cannot run the kernel as 'bytes of buffer a' must be at most 1073676288: current value is 1073741824. Choose a smaller size",
    )
  })
})
