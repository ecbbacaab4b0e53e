import { cannot } from '../../../lib/index.ts'
import type { BufferSpec, DeviceFacts, Prepared } from '../../../tasks/gpu/kernel.ts'
import { type Layout, operandBuffer } from './operands.ts'
import { operands, wrongProduct } from './product.ts'

/**
 * What the three kernels share: C = A·B of n × n, C in f32.
 *
 * FLOP: 2·M·N·K, a multiplication and an addition for each of K terms of each of M·N elements, as LAPACK Working Note 41 (appendix on
 * operation counts of the BLAS) and cuBLAS' users count; CUTLASS' profiler adds 2·M·N for α and β, which there are none of here.
 * Bytes: A and B once, C once, as CUTLASS' profiler counts. Padding counts in neither.
 */
export function square(layout: Layout, bits: 16 | 32, tolerance: number, device: DeviceFacts): Omit<Prepared, 'work'> {
  const { n } = layout
  const { a, b } = operands(bits)
  const buffers: Record<string, BufferSpec> = {
    a: operandBuffer(a, layout),
    b: operandBuffer(b, layout),
    c: { bytes: layout.rows * layout.stride * 4 },
  }
  const most = Math.min(device.limits.maxStorageBufferBindingSize ?? 0, device.limits.maxBufferSize ?? 0)
  if (layout.rows * layout.stride * 4 > most)
    throw cannot('multiply matrices', 'size', `an edge whose square takes at most ${most} bytes on this device`, n)
  return {
    buffers,
    bytes: n * n * (2 * (bits / 8) + 4),
    flop: 2 * n ** 3,
    count: 1,
    async check(read) {
      return wrongProduct(new Float32Array(await read('c')), layout, bits, tolerance)
    },
  }
}

export function checkedEdge(size: number): number {
  if (Number.isSafeInteger(size) && size >= 1) return size
  throw cannot('multiply matrices', 'size', 'the edge of a matrix, a whole number from 1', size)
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple
}
