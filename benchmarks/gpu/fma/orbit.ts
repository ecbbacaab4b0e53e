/**
 * What a chain of y ← y·y + c comes to after so many steps, exactly as a card has it. For c near -1.9 the orbit is chaotic: no compiler has a
 * shorter way to its end, its bits change with every step as those of real data do, and one step more or less ends somewhere else.
 */
export interface Orbit {
  readonly bits: 16 | 32
  readonly shift: number
  readonly steps: number
  /** Whether the product is rounded before the sum: a card's instruction does not, but WGSL's `fma` may. */
  readonly fused: boolean
}

export function endOf(start: number, { bits, shift, steps, fused }: Orbit): number {
  let y = start
  if (bits === 16)
    if (fused) for (let step = 0; step < steps; step++) y = half(y * y + shift)
    else for (let step = 0; step < steps; step++) y = half(half(y * y) + shift)
  else if (fused) for (let step = 0; step < steps; step++) y = single(y * y, shift)
  else for (let step = 0; step < steps; step++) y = Math.fround(Math.fround(y * y) + shift)
  return y
}

const halves = new Float16Array(1)

/** Rounds a sum that is exact in float64: squares of f16 are multiples of 2⁻⁴⁸, and here below 4. */
function half(value: number): number {
  halves[0] = value
  return halves[0] ?? Number.NaN
}

const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)

/**
 * product + addend rounded once, to f32. Their sum in float64 is rounded already, which matters where it lies midway between two numbers of
 * f32: there, what was rounded away (D. Knuth's two-sum) decides.
 */
function single(product: number, addend: number): number {
  const sum = product + addend
  double[0] = sum
  if (((words[0] ?? 0) & 0x1fff_ffff) !== 0x1000_0000) return Math.fround(sum)
  const part = sum - product
  const lost = product - (sum - part) + (addend - part)
  return Math.fround(sum + Math.sign(lost) * Math.abs(sum) * 2 ** -30)
}
