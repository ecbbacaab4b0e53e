import { crc32, deflateSync } from 'node:zlib'
import sharp, { type Sharp } from 'sharp'
import { type Pixels, toPixels } from '../../../tasks/images/pixels.ts'

type Colour = readonly [number, number, number]

/** A picture whose colour at each place a function tells. */
export function paint(width: number, height: number, colourAt: (x: number, y: number) => Colour): Sharp {
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set(colourAt(x, y), (y * width + x) * 3)
  return sharp(data, { raw: { width, height, channels: 3 } })
}

/** A picture that no two turns of look alike: smooth, brighter to the right, bluer downwards, a red corner. */
export function landmark(width: number, height: number): Sharp {
  return paint(width, height, (x, y) => [
    x * 4 < width && y * 4 < height ? 255 : 0,
    (x * 255) / width,
    (y * 255) / height,
  ])
}

export const decode = (bytes: Uint8Array): Promise<Pixels> => toPixels(sharp(bytes, { autoOrient: true }))

export function colourAt({ data, width, channels }: Pixels, x: number, y: number): readonly number[] {
  return [...data.subarray((y * width + x) * channels, (y * width + x) * channels + channels)]
}

/** Mean and greatest difference of two pictures of one size, in steps of 255. */
export function difference(a: Pixels, b: Pixels): { mean: number; max: number } {
  if (a.width !== b.width || a.height !== b.height || a.channels !== b.channels) throw new Error('two sizes')
  let sum = 0
  let max = 0
  for (let at = 0; at < a.data.length; at++) {
    const step = Math.abs((a.data[at] ?? 0) - (b.data[at] ?? 0))
    sum += step
    if (step > max) max = step
  }
  return { mean: sum / a.data.length, max }
}

/** A PNG that says it has this many pixels, one bit each, and holds what is given in their place. */
export function pngOf(width: number, height: number, content: Uint8Array): Uint8Array {
  const header = new DataView(new ArrayBuffer(13))
  header.setUint32(0, width)
  header.setUint32(4, height)
  header.setUint8(8, 1)
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', new Uint8Array(header.buffer)),
    chunk('IDAT', deflateSync(content)),
    chunk('IEND', new Uint8Array()),
  ])
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}
