import sharp, { type Sharp } from 'sharp'
import type { Dimensions } from './sizes.ts'

/** Decoded pixels, row by row, 8 bits a channel; four channels where there is alpha. */
export interface Pixels extends Dimensions {
  readonly data: Uint8Array
  readonly channels: 1 | 2 | 3 | 4
}

export function fromPixels({ data, width, height, channels }: Pixels): Sharp {
  return sharp(data, { raw: { width, height, channels } })
}

/** All pixels of an image in 8-bit sRGB (which sharp turns whatever it reads into), alpha kept. */
export async function toPixels(image: Sharp): Promise<Pixels> {
  const { data, info } = await image.toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height, channels: info.channels }
}
