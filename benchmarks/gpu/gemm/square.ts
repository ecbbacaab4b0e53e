import { cannot } from '../../../lib/index.ts'
import type { Prepared } from '../../../tasks/gpu/kernel.ts'
import { type Layout, type Operand, operandBuffer } from './operands.ts'
import { wrongProduct } from './product.ts'

/**
 * What the three kernels share: C = A·B of n × n, C in f32.
 *
 * FLOP: 2·M·N·K, a multiplication and an addition for each of K terms of each of M·N elements, as LAPACK Working Note 41 (appendix on
 * operation counts of the BLAS) and cuBLAS' users count; CUTLASS' profiler adds 2·M·N for α and β, which there are none of here.
 * Bytes: A and B once, C once, as CUTLASS' profiler counts. Padding counts in neither.
 */
export function square(n: number, bits: 16 | 32, { rows, stride }: Layout, tolerance: number): Omit<Prepared, 'work'> {
  const a: Operand = { seed: 1, bits, n }
  const b: Operand = { seed: 2, bits, n }
  return {
    buffers: {
      a: operandBuffer(a, { rows, stride }),
      b: operandBuffer(b, { rows, stride }),
      c: { bytes: 4 * rows * stride },
    },
    bytes: n * n * (2 * (bits / 8) + 4),
    flop: 2 * n ** 3,
    count: 1,
    check: async (read) => wrongProduct(new Float32Array(await read('c')), stride, a, b, tolerance),
  }
}

/** A, B and C, as `square` names them. */
export const bindings = [
  { buffer: 'a', access: 'read' },
  { buffer: 'b', access: 'read' },
  { buffer: 'c', access: 'write' },
] as const

export function checkedEdge(size: number): number {
  if (Number.isSafeInteger(size) && size >= 1) return size
  throw cannot('multiply matrices', 'size', 'the edge of a matrix, a whole number from 1', size)
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple
}
