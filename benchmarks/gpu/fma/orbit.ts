/**
 * How y·y + c is rounded. A card's own instruction does it `once`; WGSL's `fma` may also round the `product first`, and a card without f16
 * arithmetic works `in f32`.
 */
export const roundings = ['once', 'product first', 'in f32'] as const
export type Rounding = (typeof roundings)[number]

/**
 * What a chain of y ← y·y + c comes to after so many steps, exactly as a card has it. For c near -1.9 the orbit is chaotic: no compiler has a
 * shorter way to its end, its bits change with every step as those of real data do, and one step more or less ends somewhere else.
 */
export interface Orbit {
  readonly bits: 16 | 32
  readonly shift: number
  readonly steps: number
  readonly rounding: Rounding
}

/**
 * Sums are rounded to float64 on their way. Of f16 they are exact there: squares are multiples of 2⁻⁴⁸, and below 4. Of f32 it would matter where a sum that was
 * rounded lies midway between two numbers of f32, which with the shift of these kernels that of no square does.
 */
export function endOf(start: number, { bits, shift, steps, rounding }: Orbit): number {
  const round = bits === 16 ? half : Math.fround
  let y = start
  if (rounding === 'product first') for (let step = 0; step < steps; step++) y = round(round(y * y) + shift)
  else if (rounding === 'in f32') for (let step = 0; step < steps; step++) y = round(Math.fround(y * y + shift))
  else for (let step = 0; step < steps; step++) y = round(y * y + shift)
  return y
}

const halves = new Float16Array(1)

function half(value: number): number {
  halves[0] = value
  return halves[0] ?? Number.NaN
}
