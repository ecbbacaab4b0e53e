import type { BufferSpec } from '../../../tasks/gpu/kernel.ts'
import { randomAt } from '../common/random.ts'

/**
 * A factor of a product: n × n random numbers in [-1, 1), any of which can be drawn again. They are random since a card draws less power, and runs
 * faster, on numbers that change few bits: zeros were 13 % faster.
 */
export interface Operand {
  readonly seed: number
  /** 32: multiples of 2⁻²³. 16: of 2⁻¹¹, which f16 holds exactly, so that no error is that of the conversion. */
  readonly bits: 16 | 32
  readonly n: number
}

/** How a matrix lies in its buffer: row-major, `stride` elements from one row to the next; around n × n there are zeros. */
export interface Layout {
  readonly rows: number
  readonly stride: number
}

/** Columns `from`… of a row. */
export function drawRow({ seed, bits, n }: Operand, row: number, into: Float64Array | Float32Array, from = 0): void {
  const first = row * n + from
  if (bits === 32) for (let at = 0; at < into.length; at++) into[at] = randomAt(seed, first + at)
  else for (let at = 0; at < into.length; at++) into[at] = Math.floor(randomAt(seed, first + at) * 2048) / 2048
}

const buffers = new Map<string, BufferSpec>()

/** The same for the same, as what a buffer was filled with stays there from tuning to tuning. */
export function operandBuffer(operand: Operand, layout: Layout): BufferSpec {
  const key = JSON.stringify([operand, layout])
  const known = buffers.get(key) ?? specOf(operand, layout)
  buffers.set(key, known)
  return known
}

function specOf(operand: Operand, { rows, stride }: Layout): BufferSpec {
  const { bits, n } = operand
  return {
    bytes: (rows * stride * bits) / 8,
    fill(piece, offset) {
      const values = bits === 32 ? new Float32Array(piece) : new Uint16Array(piece)
      const first = (offset * 8) / bits
      for (let at = 0; at < values.length; ) {
        const row = Math.floor((first + at) / stride)
        const column = (first + at) % stride
        const part = values.subarray(at, at + stride - column)
        const drawn = new Float32Array(row < n ? Math.max(0, Math.min(part.length, n - column)) : 0)
        drawRow(operand, row, drawn, column)
        for (let k = 0; k < drawn.length; k++) part[k] = bits === 32 ? (drawn[k] ?? 0) : halfOf(drawn[k] ?? 0)
        part.fill(0, drawn.length)
        at += part.length
      }
    },
  }
}

const halves = new Uint16Array(Float16Array.from({ length: 4096 }, (_, level) => (level - 2048) / 2048).buffer)

/** The f16 of a multiple of 2⁻¹¹ in [-1, 1). */
function halfOf(value: number): number {
  return halves[value * 2048 + 2048] ?? 0
}
