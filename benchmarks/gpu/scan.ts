import type { Kernel } from '../../tasks/gpu/kernel.ts'
import { gridOf } from './common/grid.ts'
import { coarseAt, filledBy } from './common/random.ts'
import { blockShader } from './common/reduction.ts'
import { beforeShader, withinShader } from './common/scan-shaders.ts'
import { blocksOf, shapeOf, shapes } from './common/shape.ts'

/**
 * The running sum of an array, each element included: it must be read and written, 2 × 4 N bytes, though this one reads it twice (first the
 * sums of blocks, then each block from what lies before it).
 */
const scan: Kernel = {
  name: 'scan',
  needs: [],
  tunings: () => shapes([256, 128], [4, 8]),
  prepare(size, tuning, device) {
    const shape = shapeOf(tuning)
    const blocks = blocksOf(size, shape)
    const grid = gridOf(blocks, device)
    return {
      buffers: {
        values: { bytes: 4 * size, fill: filledBy(coarseAt, 1) },
        before: { bytes: 4 * blocks },
        sums: { bytes: 4 * size },
      },
      work: [
        {
          kind: 'dispatch',
          wgsl: blockShader({ from: ['values'], term: 'x' }, size, shape, grid.group),
          entry: 'main',
          bindings: [
            { buffer: 'values', access: 'read' },
            { buffer: 'before', access: 'write' },
          ],
          groups: grid.groups,
        },
        {
          kind: 'dispatch',
          wgsl: beforeShader(blocks),
          entry: 'main',
          bindings: [{ buffer: 'before', access: 'write' }],
          groups: [1, 1, 1],
        },
        {
          kind: 'dispatch',
          wgsl: withinShader(size, shape, grid.group),
          entry: 'main',
          bindings: [
            { buffer: 'values', access: 'read' },
            { buffer: 'before', access: 'read' },
            { buffer: 'sums', access: 'write' },
          ],
          groups: grid.groups,
        },
      ],
      bytes: 8 * size,
      flop: 0,
      count: 1,
      check: async (read) => wrongSum(new Float32Array(await read('sums'))),
    }
  },
}

export default scan

/** All sums of these values are exact, so there is but one right answer. */
function wrongSum(sums: Float32Array): string | undefined {
  let sum = 0
  for (let at = 0; at < sums.length; at++) {
    sum += coarseAt(1, at)
    if (sums[at] !== sum) return `sums[${at}] is ${sums[at]}, where ${sum} is right`
  }
  return undefined
}
