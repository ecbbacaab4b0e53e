import { type Random, seeded } from './random.ts'

/** Side of the square of texture; a power of two. */
export const textureSide = 512

/**
 * A square of clouds that repeats without a seam, values within ±36: value noise in octaves, each of half the grain and about
 * two thirds of the strength of the one before.
 */
export function drawTexture(seed: number): Int8Array {
  const random = seeded('texture', seed)
  const sum = new Float32Array(textureSide * textureSide)
  for (const [grain, strength] of [
    [128, 12],
    [64, 9],
    [32, 6],
    [16, 4],
    [8, 3],
    [4, 2],
  ] as const) {
    addOctave(sum, random, grain, strength)
  }
  return Int8Array.from(sum)
}

function addOctave(sum: Float32Array, random: Random, grain: number, strength: number): void {
  const knots = textureSide / grain
  const heights = Float32Array.from({ length: knots * knots }, () => random.between(-strength, strength))
  // How far from one knot to the next, flat at both, so that no creases show.
  const ease = Float32Array.from({ length: grain }, (_, at) => (at / grain) ** 2 * (3 - (2 * at) / grain))
  const height = (row: number, column: number) => heights[(row % knots) * knots + (column % knots)] ?? 0
  for (let row = 0; row < knots; row++) {
    for (let column = 0; column < knots; column++) {
      const a = height(row, column)
      const b = height(row, column + 1)
      const c = height(row + 1, column)
      const d = height(row + 1, column + 1)
      for (let y = 0; y < grain; y++) {
        const down = ease[y] ?? 0
        const left = a + (c - a) * down
        const right = b + (d - b) * down
        const from = (row * grain + y) * textureSide + column * grain
        for (let x = 0; x < grain; x++) sum[from + x] = (sum[from + x] ?? 0) + left + (right - left) * (ease[x] ?? 0)
      }
    }
  }
}
