import type { BufferSpec } from '../../../tasks/gpu/kernel.ts'

/** Element `index` of sequence `seed`: in [-1, 1), of 24 bits, so that it is exact as f32. Any piece of it can be had without those before. */
export function randomAt(seed: number, index: number): number {
  let x = (index + Math.imul(seed, 0x9e3779b9)) | 0
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return ((x ^ (x >>> 16)) >>> 8) * 2 ** -23 - 1
}

const fills = new Map<number, NonNullable<BufferSpec['fill']>>()

/** Fills a buffer of f32 with sequence `seed`. The same function each time: what a buffer was filled with stays there from tuning to tuning. */
export function randomF32(seed: number): NonNullable<BufferSpec['fill']> {
  const known = fills.get(seed)
  if (known !== undefined) return known
  const fill = (piece: ArrayBuffer, offset: number) => {
    const values = new Float32Array(piece)
    for (let at = 0; at < values.length; at++) values[at] = randomAt(seed, offset / 4 + at)
  }
  fills.set(seed, fill)
  return fill
}
