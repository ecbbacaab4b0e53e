import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import fc from 'fast-check'
import gemmF16Matrix from '../../../benchmarks/gpu/gemm-f16-matrix.ts'
import { subgroup } from '../../fixtures/gpu/matrix-units.ts'
import { softwareGpu } from '../../gpu-software.ts'
import { onSoftware, wrongIn } from './on-software.ts'

// A busy machine takes seconds to compile a product whose terms are written out.
setDefaultTimeout(180_000)

const why = softwareGpu === undefined ? ': skipped, as there is no software GPU' : ''
const long = process.env.ASSAY_LONG === 'yes'

const small = { rows: 16, columns: 32, depth: 8, threadRows: 4, threadColumns: 4, stages: 1, wide: 8, unroll: 8 }
const smallOnUnits = { rows: 32, columns: 16, depth: 16, down: 2, across: 1, packed: 8 }

describe.skipIf(why !== '')(`compute kernels on a software driver${why}`, () => {
  let gpu: Awaited<ReturnType<typeof onSoftware>>
  // Compiles what uses workgroup memory in a fifth of the time.
  let unchecked: Awaited<ReturnType<typeof onSoftware>>
  beforeAll(async () => {
    gpu = await onSoftware({ fixture: 'product' })
    unchecked = await onSoftware({ fixture: 'product', unchecked: true })
  })
  afterAll(() => Promise.all([gpu.close(), unchecked.close()]))

  const tuned = (tuning: object) => ({ tuning: JSON.stringify(tuning) })

  test('fma-f32 is right at every tuning', async () => {
    expect(await wrongIn(gpu, 'fma-f32', 300)).toBeUndefined()
  })

  test.each(['does a step less', 'does a step more'])('fma-f32 that %s is wrong', async (defect) => {
    const tuning = tuned({ chains: 4, vector: 4, workgroup: 64 })
    expect(await wrongIn(gpu, 'fma-f32', 70, { ...tuning, defect })).toMatch(
      /^refused: Kernel fma-f32 computes wrong at size 70 with .*: end\[0\] is 0x\w{8}, where 0x\w{8} is right after 2048 steps$/,
    )
  })

  test.each(['gemm-f32', 'gemm-f16'])('%s is right with all bounds checked', async (kernel) => {
    expect(await wrongIn(gpu, kernel, 37, tuned(small))).toBeUndefined()
  })

  // As they are where time is no matter: written out, each takes a second to compile.
  test.each(['gemm-f32', 'gemm-f16'])('%s is right at its tunings', async (kernel) => {
    const { tunings } = (await import(`../../../benchmarks/gpu/${kernel}.ts`)).default
    const all: readonly object[] = tunings(130, unchecked.facts)
    expect(all.length).toBeGreaterThan(5)
    for (const tuning of long || kernel === 'gemm-f32' ? all : all.slice(0, 2))
      expect(await wrongIn(unchecked, kernel, 130, tuned(long ? tuning : { ...tuning, unroll: 1 }))).toBeUndefined()
  })

  test('a product of more than eight rows of tiles is right', async () => {
    expect(await wrongIn(unchecked, 'gemm-f32', 150, tuned(small))).toBeUndefined()
  })

  test('products are right at any size and tiling', async () => {
    const tried = fc
      .record({
        kernel: fc.constantFrom('gemm-f32', 'gemm-f16'),
        size: fc.integer({ min: 1, max: 80 }),
        threadRows: fc.constantFrom(4, 8),
        threadColumns: fc.constantFrom(4, 8),
        down: fc.constantFrom(4, 8),
        across: fc.constantFrom(8, 16),
        depth: fc.constantFrom(8, 16),
        stages: fc.constantFrom(1, 2),
        unroll: fc.constantFrom(1, 2, ...(long ? [8] : [])),
      })
      .map(({ kernel, size, down, across, ...rest }) => {
        const [rows, columns] = [down * rest.threadRows, across * rest.threadColumns]
        return { kernel, size, tiling: { ...rest, rows, columns, wide: 8 } }
      })
    await fc.assert(
      fc.asyncProperty(tried, async ({ kernel, size, tiling }) => {
        expect(await wrongIn(unchecked, kernel, size, tuned(tiling))).toBeUndefined()
      }),
      { numRuns: long ? 100 : 6 },
    )
  })

  test.each([
    ['skips a term of a row', 'relative error'],
    ['skips the last terms', 'relative error'],
    ['multiplies by what is beside', 'relative error'],
    ['adds up in f16', 'relative error'],
    ['leaves a row out', 'holds NaN'],
    ['yields one NaN', 'row 3 holds NaN'],
  ])('a product that %s is wrong', async (defect, said) => {
    const found = await wrongIn(unchecked, 'gemm-f32', 37, { ...tuned(small), defect })
    expect(found).toStartWith('refused: Kernel gemm-f32 computes wrong at size 37 with rows 16, columns 32')
    expect(found).toContain(said)
  })

  test.each([0, 1, 2])('what feeds matrix units is right in %d stages', async (stages) => {
    const options = { ...tuned({ ...smallOnUnits, stages }), shape: '16x8x16' }
    expect(await wrongIn(unchecked, 'gemm-f16-matrix', 33, options)).toBeUndefined()
  })

  test('what feeds matrix units is right at any size and tiling', async () => {
    const twice = fc.constantFrom(1, 2)
    const tried = fc
      .record({
        size: fc.integer({ min: 1, max: 50 }),
        shape: fc.constantFrom([16, 16, 16], [16, 8, 16], [16, 8, 8], [8, 16, 8]),
        times: fc.tuple(twice, twice, twice),
        down: twice,
        across: twice,
        stages: fc.constantFrom(0, 1, 2),
        packed: fc.constantFrom(1, 4, 8),
      })
      .map(({ size, shape, times, stages, ...rest }) => {
        const [m = 0, n = 0, k = 0] = shape.map((edge, at) => edge * (times[at] ?? 1))
        const [rows, columns] = [m * rest.down, n * rest.across]
        // Elements of two bytes can't be written to workgroup memory without f16.
        const packed = stages > 0 && rest.packed === 1 ? 8 : rest.packed
        return { size, shape: shape.join('x'), tiling: { rows, columns, depth: k, ...rest, stages, packed } }
      })
    await fc.assert(
      fc.asyncProperty(tried, async ({ size, shape, tiling }) => {
        expect(await wrongIn(unchecked, 'gemm-f16-matrix', size, { ...tuned(tiling), shape })).toBeUndefined()
      }),
      { numRuns: long ? 100 : 4 },
    )
  })

  test.skipIf(!long)('what feeds matrix units is right at the tunings that a card is offered', async () => {
    const subgroups = { least: subgroup, most: subgroup }
    const matrices = [{ component: 'f16', result: 'f32', m: 16, n: 16, k: 16 }]
    const tunings = gemmF16Matrix.tunings(33, { ...unchecked.facts, subgroups, matrices })
    expect(tunings.length).toBeGreaterThan(3)
    for (const tuning of tunings)
      expect(await wrongIn(unchecked, 'gemm-f16-matrix', 33, { ...tuned(tuning), shape: '16x16x16' })).toBeUndefined()
  })
})
