import { cannot } from '../../lib/index.ts'
import type { DeviceFacts, Kernel, MatrixConfig, Tuning } from '../../tasks/gpu/kernel.ts'
import { type MatrixShape, type MatrixTiling, matrixProduct, workgroupBytes } from './gemm/matrix-units.ts'
import { bindings, checkedEdge, roundUp, square } from './gemm/square.ts'

/**
 * By how often a loaded matrix is multiplied: 64 × 64 to a subgroup (16 accumulators of 16 × 16) read 8 matrices for 16 multiplications. More
 * subgroups share what lies in workgroup memory. The last ones need none of it.
 */
const tilings: readonly MatrixTiling[] = [
  { rows: 128, columns: 128, depth: 32, down: 2, across: 2, stages: 2, packed: 8 },
  { rows: 128, columns: 128, depth: 32, down: 2, across: 4, stages: 2, packed: 8 },
  { rows: 256, columns: 128, depth: 16, down: 4, across: 2, stages: 2, packed: 8 },
  { rows: 128, columns: 128, depth: 64, down: 2, across: 2, stages: 1, packed: 8 },
  { rows: 128, columns: 128, depth: 32, down: 2, across: 4, stages: 1, packed: 8 },
  { rows: 64, columns: 64, depth: 32, down: 2, across: 2, stages: 2, packed: 8 },
  { rows: 128, columns: 128, depth: 32, down: 2, across: 4, stages: 2, packed: 4 },
  { rows: 128, columns: 128, depth: 32, down: 2, across: 2, stages: 0, packed: 8 },
  { rows: 64, columns: 64, depth: 32, down: 2, across: 2, stages: 0, packed: 1 },
]

/** Which shape of f16 × f16 → f32 is likely the card's own; others after these. All tilings are tried with the first, two with each other. */
const preferred = ['16×16×16', '16×8×16', '16×8×8', '8×8×8']

/**
 * C = A·B of n × n, A and B in f16, added up in f32 by the card's matrix units. Matrices are stored with their edges rounded up to the tile.
 *
 * Relative error, by the Frobenius norm: products of f16 are exact in f32, but matrix units cut off what they add up where others round
 * (M. Fasi et al., Numerical behavior of NVIDIA tensor cores, PeerJ Computer Science 7, 2021), up to 2⁻²³ of the sum for every four terms
 * of the oldest of them; all errors of one sign that is n/4·2⁻²³. A sum in f16 is beyond 1e-4 from the first addition on, and grows as well.
 */
const gemm: Kernel = {
  name: 'gemm-f16-matrix',
  needs: ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix'],
  tunings: (_, device) => {
    return shapesOf(device).flatMap(({ m, n, k }, at) => {
      const fitting = tilings.filter((tiling) => fits(tiling, { m, n, k }, device))
      return fitting.slice(0, at === 0 ? fitting.length : 2).map((tiling) => ({ ...tiling, m, n, k }))
    })
  },
  prepare(size, tuning, device) {
    const n = checkedEdge(size)
    const shapes = shapesOf(device)
    const shape = shapes.find(({ m, n, k }) => m === tuning.m && n === tuning.n && k === tuning.k)
    const tiling = tilingOf(tuning)
    const edge = roundUp(n, Math.max(tiling.rows, tiling.columns, tiling.depth))
    const wgsl = matrixProduct({ edge, shape: shape ?? shapes[0], subgroup: device.subgroups.most, tiling })
    const groups = [edge / tiling.columns, edge / tiling.rows, 1] as const
    const tolerance = Math.max(1e-5, (n / 4) * 2 ** -23)
    return {
      ...square(n, 16, { rows: edge, stride: edge }, tolerance),
      work: [{ kind: 'dispatch', wgsl, entry: 'main', bindings, groups }],
    }
  },
}

export default gemm

/** What the device multiplies at once of f16 to f32, the likely best first. */
function shapesOf({ matrices }: DeviceFacts): readonly [MatrixConfig, ...MatrixConfig[]] {
  const fitting = matrices.filter(
    ({ component, result, m, n, k }) =>
      component === 'f16' && result === 'f32' && [m, n, k].every((edge) => edge === 8 || edge === 16),
  )
  const rank = (config: MatrixConfig) =>
    (preferred.indexOf(shapeOf(config)) + preferred.length + 1) % (preferred.length + 1)
  const [first, ...others] = fitting.toSorted((one, other) => rank(one) - rank(other))
  if (first !== undefined) return [first, ...others]
  const offered = matrices.map((config) => `${config.component} to ${config.result} ${shapeOf(config)}`).join(', ')
  throw cannot(
    'multiply on matrix units',
    'shapes of the device',
    'f16 to f32 of edges 8 or 16 among others',
    offered || 'none',
  )
}

const shapeOf = ({ m, n, k }: MatrixConfig) => `${m}×${n}×${k}`

function fits(tiling: MatrixTiling, { m, n, k }: MatrixShape, { limits, subgroups }: DeviceFacts): boolean {
  const { rows, columns, depth, down, across } = tiling
  const threads = subgroups.most * down * across
  return (
    threads <= (limits.maxComputeInvocationsPerWorkgroup ?? 0) &&
    threads <= (limits.maxComputeWorkgroupSizeX ?? 0) &&
    workgroupBytes(tiling) <= (limits.maxComputeWorkgroupStorageSize ?? 0) &&
    (rows / down) % m === 0 &&
    (columns / across) % n === 0 &&
    depth % k === 0
  )
}

function tilingOf(tuning: Tuning): MatrixTiling {
  const { rows = 0, columns = 0, depth = 0, down = 0, across = 0, stages = 0, packed = 0 } = tuning
  return { rows, columns, depth, down, across, stages, packed }
}
