import { randomAt } from '../common/random.ts'
import { drawRow, type Operand } from './operands.ts'

/**
 * Whether `c` is the product of both operands, in float64 and in two ways: some rows (all, up to 64) element by element, and every row by one
 * number, its product with a vector of random signs x. That is R. Freivalds' check of C·x against A·(B·x): n² work where the product takes n³,
 * and as the signs are random, the square of ‖(C − AB)·x‖ is on average that of the Frobenius norm ‖C − AB‖, so both ways share a tolerance.
 * Rows of `c` beyond n, and columns beyond it, are not looked at.
 */
export function wrongProduct(c: Float32Array, stride: number, a: Operand, b: Operand, tolerance: number) {
  const { n } = a
  const { rows, expected, signs, image } = reference(a, b)
  const sampled = rows.map((row, at) => {
    const exact = expected[at] ?? new Float64Array()
    const error = { row, square: 0, scale: 0 }
    for (let column = 0; column < n; column++) count(error, c[row * stride + column], exact[column])
    return error
  })
  const images = Array.from(rows.length < n ? image : [], (exact, row) => {
    let sum = 0
    for (let column = 0; column < n; column++) sum += (c[row * stride + column] ?? Number.NaN) * (signs[column] ?? 0)
    return count({ row, square: 0, scale: 0 }, sum, exact)
  })
  return wrong(sampled, tolerance, `over ${rows.length} rows of ${n}`) ?? wrong(images, tolerance, `over all ${n} rows`)
}

interface RowError {
  readonly row: number
  square: number
  scale: number
}

function count(error: RowError, actual = Number.NaN, exact = Number.NaN): RowError {
  error.square += (actual - exact) ** 2
  error.scale += exact * exact
  return error
}

/** The relative Frobenius norm of a difference where it is beyond the tolerance, with the row in which most of it lies. */
function wrong(errors: readonly RowError[], tolerance: number, where: string): string | undefined {
  const poisoned = errors.find(({ square }) => Number.isNaN(square))
  if (poisoned) return `row ${poisoned.row} holds NaN`
  const square = errors.reduce((sum, error) => sum + error.square, 0)
  const relative = Math.sqrt(square / errors.reduce((sum, error) => sum + error.scale, 0))
  if (square === 0 || relative <= tolerance) return undefined
  const worst = errors.reduce((most, error) => (error.square > most.square ? error : most))
  return `relative error ${relative.toExponential(1)} ${where}, of ${tolerance.toExponential(1)} at most; row ${worst.row} is the worst`
}

interface Reference {
  readonly rows: readonly number[]
  readonly expected: readonly Float64Array[]
  readonly signs: Float64Array
  /** A·(B·signs). */
  readonly image: Float64Array
}

/** The last one made: every tuning of a search is held against the same, and of 8192³ it takes seconds. */
let last: { readonly key: string; readonly reference: Reference } | undefined

function reference(a: Operand, b: Operand): Reference {
  const key = JSON.stringify([a, b])
  if (last?.key !== key) last = { key, reference: compute(a, b) }
  return last.reference
}

function compute(a: Operand, b: Operand): Reference {
  const { n } = a
  const rows = sampledRows(n)
  const signs = Float64Array.from({ length: n }, (_, column) => (randomAt(3, column) < 0 ? -1 : 1))
  const left = rows.map((row) => drawn(a, row))
  const expected = rows.map(() => new Float64Array(n))
  const partial = new Float64Array(n)
  for (let k = 0; k < n; k++) {
    const row = drawn(b, k)
    partial[k] = dot(row, signs)
    for (let at = 0; at < rows.length; at++) add(expected[at], left[at]?.[k] ?? 0, row)
  }
  const image = Float64Array.from({ length: n }, (_, row) => dot(drawn(a, row), partial))
  return { rows, expected, signs, image }
}

function sampledRows(n: number): readonly number[] {
  if (n <= 64) return Array.from({ length: n }, (_, row) => row)
  const random = Array.from({ length: 6 }, (_, at) => Math.floor(((randomAt(4, at) + 1) / 2) * n))
  return [...new Set([0, n - 1, ...random])]
}

function drawn(operand: Operand, row: number): Float64Array {
  const values = new Float64Array(operand.n)
  drawRow(operand, row, values)
  return values
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0
  for (let at = 0; at < x.length; at++) sum += (x[at] ?? 0) * (y[at] ?? 0)
  return sum
}

function add(into: Float64Array | undefined, factor: number, row: Float64Array): void {
  if (into) for (let at = 0; at < row.length; at++) into[at] = (into[at] ?? 0) + factor * (row[at] ?? 0)
}
