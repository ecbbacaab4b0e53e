import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { shift } from '../../../benchmarks/gpu/fma/chains.ts'
import { endOf, type Rounding } from '../../../benchmarks/gpu/fma/orbit.ts'
import fmaF16 from '../../../benchmarks/gpu/fma-f16.ts'
import { drawRow, type Operand, operandBuffer } from '../../../benchmarks/gpu/gemm/operands.ts'
import { wrongProduct } from '../../../benchmarks/gpu/gemm/product.ts'
import gemmF16 from '../../../benchmarks/gpu/gemm-f16.ts'
import gemmF16Matrix from '../../../benchmarks/gpu/gemm-f16-matrix.ts'
import gemmF32 from '../../../benchmarks/gpu/gemm-f32.ts'
import { card } from './a-card.ts'

const operands = (n: number, bits: 16 | 32): readonly [Operand, Operand] => [
  { seed: 1, bits, n },
  { seed: 2, bits, n },
]

const rowOf = (operand: Operand, row: number) => {
  const values = new Float64Array(operand.n)
  drawRow(operand, row, values)
  return values
}

/** C as a device makes it: each sum rounded by `round`, terms `from`… of each. */
function multiplied(n: number, bits: 16 | 32, stride: number, round: (sum: number) => number, from = 0): Float32Array {
  const [a, b] = operands(n, bits)
  const rows = Array.from({ length: n }, (_, k) => rowOf(b, k))
  const c = new Float32Array(n * stride).fill(Number.NaN)
  for (let r = 0; r < n; r++) {
    const left = rowOf(a, r)
    for (let column = 0; column < n; column++) {
      let sum = 0
      for (let k = from; k < n; k++) sum = round(sum + (left[k] ?? 0) * (rows[k]?.[column] ?? 0))
      c[r * stride + column] = sum
    }
  }
  return c
}

/** Above 64 not all rows are compared element by element. */
const edges = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(64, 65, 97))
const bits = fc.constantFrom<16 | 32>(16, 32)

describe('a product', () => {
  test('that is rounded as f32 is right, whatever lies around it', () => {
    fc.assert(
      fc.property(edges, bits, fc.nat(9), (n, bits, more) => {
        const c = multiplied(n, bits, n + more, Math.fround)
        expect(wrongProduct(c, n + more, ...operands(n, bits), 1e-5)).toBeUndefined()
      }),
      { numRuns: 30 },
    )
  })

  test('is wrong when it is added up in f16, lacks a term, has a NaN, a row of another or one element off', () => {
    const defects: Readonly<Record<string, (n: number, at: number) => Float32Array>> = {
      'relative error': (n) => multiplied(n, 32, n, Math.f16round),
      'relative error of a term': (n) => multiplied(n, 32, n, Math.fround, 1),
      'holds NaN': (n, at) => multiplied(n, 32, n, Math.fround).fill(Number.NaN, at, at + 1),
      'relative error of a row': (n, at) => {
        const c = multiplied(n, 32, n, Math.fround)
        const row = Math.floor(at / n)
        return c.copyWithin(row * n, ((row + 1) % n) * n, ((row + 1) % n) * n + n)
      },
      'relative error of an element': (n, at) => {
        const c = multiplied(n, 32, n, Math.fround)
        c[at] = (c[at] ?? 0) + 0.1
        return c
      },
    }
    fc.assert(
      fc.property(edges, fc.nat(), fc.constantFrom(...Object.keys(defects)), (n, place, defect) => {
        fc.pre(n > 1)
        const said = wrongProduct(
          defects[defect]?.(n, place % (n * n)) ?? new Float32Array(),
          n,
          ...operands(n, 32),
          1e-5,
        )
        expect(said).toContain(defect.split(' of ')[0])
      }),
      { numRuns: 60 },
    )
  })

  test('says how wrong it is, and where', () => {
    const c = multiplied(97, 32, 97, Math.fround)
    c[50 * 97 + 3] = 0
    expect(wrongProduct(c, 97, ...operands(97, 32), 1e-5)).toMatch(
      /^relative error \d\.\de-[23] over all 97 rows, of 1.0e-5 at most; row 50 is the worst$/,
    )
    c[96 * 97] = Number.NaN
    expect(wrongProduct(c, 97, ...operands(97, 32), 1e-5)).toBe('row 96 holds NaN')
  })

  test('has factors that are the same in pieces as in one, with zeros around them', () => {
    fc.assert(
      fc.property(
        edges,
        bits,
        fc.nat(9),
        fc.nat(9),
        fc.integer({ min: 1, max: 99 }),
        (n, bits, below, beside, length) => {
          const [a] = operands(n, bits)
          const { bytes, fill } = operandBuffer(a, { rows: n + below, stride: n + beside })
          const whole = new Uint8Array(bytes)
          for (let at = 0; at < bytes; at += 4 * length) {
            const piece = new Uint8Array(Math.min(4 * length, bytes - at)).fill(255)
            fill?.(piece.buffer, at)
            whole.set(piece, at)
          }
          const values = bits === 32 ? new Float32Array(whole.buffer) : new Float16Array(whole.buffer)
          const expected = Array.from({ length: n + below }, (_, row) =>
            Array.from({ length: n + beside }, (_, column) =>
              row < n && column < n ? (rowOf(a, row)[column] ?? Number.NaN) : 0,
            ),
          )
          expect(Array.from(values)).toEqual(expected.flat())
        },
      ),
      { numRuns: 20 },
    )
  })
})

describe('a kernel that multiplies matrices', () => {
  test.each([gemmF32, gemmF16])('counts FLOP and bytes of n × n, and not of what it pads: $name', (kernel) => {
    const [tuning = {}] = kernel.tunings(1001, card)
    const { flop, bytes } = kernel.prepare(1001, tuning, card)
    expect(flop).toBe(2 * 1001 ** 3)
    expect(bytes).toBe(1001 ** 2 * (kernel === gemmF32 ? 12 : 8))
  })

  test.each([0, -1, 1.5, Number.NaN])('refuses an edge of %p', (size) => {
    expect(() => gemmF32.prepare(size, {}, card)).toThrow(
      `Cannot multiply matrices as 'size' must be the edge of a matrix, a whole number from 1: current value is ${Number.isNaN(size) ? 'null' : size}`,
    )
  })

  test('has a tiling for the least device of WebGPU', () => {
    const limits = { ...card.limits, maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupStorageSize: 16_384 }
    expect(gemmF32.tunings(64, { ...card, limits }).length).toBeGreaterThan(1)
  })

  test.each([
    [[], 'none'],
    [[{ component: 'f16', result: 'f16', m: 16, n: 16, k: 16 }], 'f16 to f16 16×16×16'],
  ])('on matrix units refuses a device that offers %j', (matrices, offered) => {
    for (const ask of [
      () => gemmF16Matrix.tunings(64, { ...card, matrices }),
      () => gemmF16Matrix.prepare(64, {}, { ...card, matrices }),
    ])
      expect(ask).toThrow(
        `Cannot multiply on matrix units as 'shapes of the device' must be f16 to f32 of edges 8 or 16 among others: current value is ${offered}`,
      )
  })
})

describe('an orbit', () => {
  test('in f16 ends somewhere else a step later, and by each way of rounding', () => {
    const ends = (steps: number, rounding: Rounding) =>
      Array.from({ length: 64 }, (_, at) => endOf((at - 32) / 64, { bits: 16, shift, steps, rounding }))
    for (const steps of [512, 1024, 2048]) {
      expect(ends(steps, 'once')).not.toEqual(ends(steps + 1, 'once'))
      expect(ends(steps, 'once')).not.toEqual(ends(steps, 'product first'))
      expect(new Set(ends(steps, 'once')).size).toBeGreaterThan(10)
    }
  })

  // As its shader does it, since no software driver has f16.
  test('of fma-f16 is followed on the CPU as by a card, from its buffer to the word that an invocation leaves', async () => {
    const size = 20
    const run = (chains: number, vector: number, steps: number, start: Float16Array) =>
      Uint32Array.from({ length: size }, (_, i) => {
        let word = 0
        for (let chain = 0; chain < chains; chain++) {
          const first = (i * chains + chain) % (1024 / vector)
          const y = start.slice(first * vector, (first + 1) * vector)
          const c = start[1024] ?? Number.NaN
          for (let step = 0; step < steps; step++) for (let at = 0; at < vector; at++) y[at] = (y[at] ?? 0) ** 2 + c
          for (const part of new Uint32Array(y.buffer)) word ^= part
        }
        return word
      })
    const tunings = fmaF16.tunings(size, card)
    for (const tuning of [4, 2].map((wanted) => tunings.find(({ vector }) => vector === wanted) ?? {})) {
      const { chains = 0, vector = 0 } = tuning
      const { buffers, check, flop } = fmaF16.prepare(size, tuning, card)
      const start = new ArrayBuffer(buffers.start?.bytes ?? 0)
      buffers.start?.fill?.(start, 0)
      const steps = flop / 2 / size / chains / vector
      const checked = (steps: number) =>
        check(async () => run(chains, vector, steps, new Float16Array(start)).slice().buffer, 1)
      expect(await checked(steps)).toBeUndefined()
      expect(await checked(steps - 1)).toContain(`is right after ${steps} steps`)
    }
  })

  test('is rounded to f16 but once by the runtime', () => {
    // By way of f32 it would be 1: there, what is below its last bit is gone before the tie is decided.
    expect(Array.from(Float16Array.of(1 + 2 ** -11 + 2 ** -40))).toEqual([1 + 2 ** -10])
  })

  test('in f32 comes to no sum whose rounding to float64 decides how it is rounded to f32', () => {
    const double = new Float64Array(1)
    const words = new Uint32Array(double.buffer)
    let decided = 0
    // From 1 on squares are multiples of 2⁻⁴⁶ and sums exact; below 2⁻²⁶ they change nothing.
    for (let exponent = 1; exponent <= 26; exponent++)
      for (let mantissa = 2 ** 23; mantissa < 2 ** 24; mantissa++) {
        const square = (mantissa * 2 ** (-23 - exponent)) ** 2
        const sum = square + shift
        double[0] = sum
        if (((words[0] ?? 0) & 0x1fff_ffff) !== 0x1000_0000) continue
        const part = sum - square
        if (square - (sum - part) + (shift - part) !== 0) decided++
      }
    expect(decided).toBe(0)
  })
})
