import type { DeviceFacts, Kernel, Tuning } from '../../../tasks/gpu/kernel.ts'
import { bindings, checkedEdge, roundUp, square } from './square.ts'
import { type Tiling, threadsOf, tiledProduct, workgroupBytesOf } from './tiled.ts'

/**
 * By share of registers to loads, which is what a multiplication on the ordinary units of a card is bound by: 8 × 8 to a thread take 64
 * multiplications for 16 loaded numbers, 8 × 16 take 128 for 24 but leave room for fewer threads. Deeper tiles mean fewer barriers; two stages
 * hide the way from memory where too few threads fit to hide it. The last fits every device of WebGPU.
 */
const tilings: readonly Tiling[] = [
  { rows: 128, columns: 128, depth: 16, threadRows: 8, threadColumns: 8, stages: 2, wide: 8, unroll: 16 },
  { rows: 128, columns: 128, depth: 16, threadRows: 8, threadColumns: 8, stages: 1, wide: 8, unroll: 16 },
  { rows: 128, columns: 128, depth: 8, threadRows: 8, threadColumns: 8, stages: 2, wide: 16, unroll: 8 },
  { rows: 128, columns: 128, depth: 8, threadRows: 8, threadColumns: 8, stages: 1, wide: 8, unroll: 8 },
  { rows: 128, columns: 256, depth: 8, threadRows: 8, threadColumns: 16, stages: 2, wide: 8, unroll: 8 },
  { rows: 128, columns: 64, depth: 16, threadRows: 8, threadColumns: 8, stages: 2, wide: 8, unroll: 16 },
  { rows: 64, columns: 64, depth: 16, threadRows: 8, threadColumns: 8, stages: 2, wide: 8, unroll: 16 },
  { rows: 64, columns: 64, depth: 16, threadRows: 4, threadColumns: 4, stages: 1, wide: 8, unroll: 16 },
]

/**
 * A product on the card's ordinary units, of matrices of f32 or f16, added up in f32. Relative error, by the Frobenius norm, 1e-5 at most: of n terms in
 * sequence it is about 2⁻²⁴·√(n/2), 4e-6 at n = 8192, while a sum in f16 is beyond 1e-4 from the first addition on.
 */
export function tiledKernel(name: string, bits: 16 | 32): Kernel {
  const unit = bits === 32 ? 4 : 8
  return {
    name,
    needs: [],
    tunings: (_, device) => tilings.filter((tiling) => fits(tiling, device)),
    prepare(size, tuning) {
      const n = checkedEdge(size)
      const tiling = tilingOf(tuning)
      const stride = roundUp(n, unit)
      const groups = [Math.ceil(n / tiling.columns), Math.ceil(n / tiling.rows), 1] as const
      const wgsl = tiledProduct({ n, stride, unit, tiling })
      return {
        ...square(n, bits, { rows: n, stride }, 1e-5),
        work: [{ kind: 'dispatch', wgsl, entry: 'main', bindings, groups }],
      }
    },
  }
}

function fits(tiling: Tiling, { limits }: DeviceFacts): boolean {
  const threads = threadsOf(tiling)
  return (
    threads <= (limits.maxComputeInvocationsPerWorkgroup ?? 0) &&
    threads <= (limits.maxComputeWorkgroupSizeX ?? 0) &&
    workgroupBytesOf(tiling) <= (limits.maxComputeWorkgroupStorageSize ?? 0)
  )
}

function tilingOf(tuning: Tuning): Tiling {
  const {
    rows = 0,
    columns = 0,
    depth = 0,
    threadRows = 0,
    threadColumns = 0,
    stages = 0,
    wide = 0,
    unroll = 0,
  } = tuning
  return { rows, columns, depth, threadRows, threadColumns, stages, wide, unroll }
}
