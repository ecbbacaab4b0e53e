import type { BufferSpec } from '../../../tasks/gpu/kernel.ts'

type Fill = NonNullable<BufferSpec['fill']>

/** 32 bits, as an int32 (which is what compilers are quick with), of element `index` of sequence `seed`. Any piece of it can be had without those before. */
function bitsAt(seed: number, index: number): number {
  let x = (index + Math.imul(seed, 0x9e3779b9)) | 0
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return x ^ (x >>> 16)
}

/** In [-1, 1), of 24 bits: exact as f32. */
export function randomAt(seed: number, index: number): number {
  return (bitsAt(seed, index) >>> 8) * 2 ** -23 - 1
}

/**
 * In (-1, 1), odd multiples of 1/256, as often below 0 as above. A sum of them is exact as f32, in whatever order it is made, while it stays
 * below 65,536: of 2^28, that is seven times what such a sum strays from 0.
 */
export function coarseAt(seed: number, index: number): number {
  return (bitsAt(seed, index) >>> 24) * 2 ** -7 - 255 / 256
}

const fills = new Map<string, Fill>()

/** Fills a buffer of f32 with sequence `seed`. The same function each time: what a buffer was filled with stays there from tuning to tuning. */
export function filledBy(valueAt: (seed: number, index: number) => number, seed: number): Fill {
  const key = `${valueAt.name} ${seed}`
  const known = fills.get(key)
  if (known !== undefined) return known
  const fill = (piece: ArrayBuffer, offset: number) => {
    const values = new Float32Array(piece)
    for (let at = 0; at < values.length; at++) values[at] = valueAt(seed, offset / 4 + at)
  }
  fills.set(key, fill)
  return fill
}

export const randomF32 = (seed: number): Fill => filledBy(randomAt, seed)

/** Fills with zeros. */
export function zeros(piece: ArrayBuffer) {
  new Uint8Array(piece).fill(0)
}
