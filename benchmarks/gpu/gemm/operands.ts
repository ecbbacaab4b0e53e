import type { BufferSpec } from '../../../tasks/gpu/kernel.ts'

/**
 * A factor of a product: a square matrix of random numbers in [-1, 1), each a function of seed, row and column alone, so that a reference can
 * draw any row again. They are random since a card draws less power, and runs faster, on numbers that change few bits: zeros were 13 % faster.
 */
export interface Operand {
  readonly seed: number
  /** 32: multiples of 2⁻²³. 16: multiples of 2⁻¹¹, which f16 holds exactly, so that no error is that of the conversion. */
  readonly bits: 16 | 32
}

/** How a matrix lies in its buffer: row-major, `stride` elements from one row to the next; beyond n × n there are zeros. */
export interface Layout {
  readonly n: number
  readonly rows: number
  readonly stride: number
}

const levels = Float64Array.from({ length: 4096 }, (_, level) => (level - 2048) / 2048)
const halves = new Uint16Array(Float16Array.from(levels).buffer)

export function drawRow({ seed, bits }: Operand, row: number, into: Float64Array): void {
  const key = keyOf(seed, row)
  if (bits === 32) for (let column = 0; column < into.length; column++) into[column] = single(mixed(key, column))
  else for (let column = 0; column < into.length; column++) into[column] = levels[mixed(key, column) >>> 20] ?? 0
}

export function operandBuffer(operand: Operand, layout: Layout): BufferSpec {
  const size = operand.bits / 8
  return {
    bytes: layout.rows * layout.stride * size,
    fill(piece, offset) {
      const values = operand.bits === 32 ? new Float32Array(piece) : new Uint16Array(piece)
      const first = offset / size
      for (let at = 0; at < values.length; ) {
        const row = Math.floor((first + at) / layout.stride)
        const column = (first + at) % layout.stride
        const length = Math.min(layout.stride - column, values.length - at)
        fillRow(operand, layout.n, row, column, values.subarray(at, at + length))
        at += length
      }
    },
  }
}

function fillRow({ seed, bits }: Operand, n: number, row: number, from: number, values: Float32Array | Uint16Array) {
  const drawn = row < n ? Math.max(0, Math.min(values.length, n - from)) : 0
  const key = keyOf(seed, row)
  if (bits === 32) for (let at = 0; at < drawn; at++) values[at] = single(mixed(key, from + at))
  else for (let at = 0; at < drawn; at++) values[at] = halves[mixed(key, from + at) >>> 20] ?? 0
  values.fill(0, drawn)
}

function single(word: number): number {
  return (word >>> 8) * 2 ** -23 - 1
}

function keyOf(seed: number, row: number): number {
  return mixed(mixed(seed, 1), row)
}

/** The finalizer of A. Appleby's MurmurHash3 over a Weyl sequence: 32 bits that each depend on every bit of both. */
export function mixed(key: number, index: number): number {
  let word = (key + Math.imul(index, 0x9e3779b9)) | 0
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35)
  return (word ^ (word >>> 16)) >>> 0
}
