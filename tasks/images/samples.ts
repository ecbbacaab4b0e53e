import sharp, { type Sharp } from 'sharp'
import type { Box } from './boxes.ts'
import { fromPixels } from './pixels.ts'
import { drawScene, type Scene } from './scene.ts'
import type { Dimensions } from './sizes.ts'
import { drawTexture } from './texture.ts'

export interface Sample extends Dimensions {
  /** Relative, with its folders and extension, separated by slashes. */
  readonly path: string
  readonly bytes: Uint8Array
  readonly format: 'jpeg' | 'png' | 'webp'
  /** The EXIF orientation it is stored with, 1 to 8; none: no such tag. */
  readonly orientation?: number
  /** In pixels of the upright image, as `width` and `height` are. */
  readonly boxes: readonly Box[]
}

/**
 * Draws 18 images, about 8 MB: one picture in every EXIF orientation, and whatever else makes pipelines stumble. The same seed
 * gives the same bytes wherever sharp is the same.
 */
export function drawSamples(seed = 1): Promise<readonly Sample[]> {
  const texture = drawTexture(seed)
  const draw = (index: number, width: number, height: number) =>
    drawScene({ width, height }, `${seed} ${index}`, texture)
  // Sides of whole JPEG blocks: the eight then agree to the pixel, but for rounding.
  const turned = draw(0, 1280, 960)
  return Promise.all([
    ...[1, 2, 3, 4, 5, 6, 7, 8].map(async (orientation) => ({
      ...(await jpeg(`orientation/exif-${orientation}.jpg`, turned, (image) => stored(image, orientation))),
      orientation,
    })),
    jpeg('site a/photo.jpg', draw(1, 1600, 1200)),
    jpeg('site b/photo.jpg', draw(2, 1200, 1600)),
    jpeg('Größe & Köln/été 東京.jpg', draw(3, 1024, 768)),
    jpeg('large.jpg', draw(4, 2304, 1728)),
    jpeg('panorama.jpg', draw(5, 6000, 200)),
    jpeg('grayscale.jpg', draw(6, 1024, 768), (image) => image.toColourspace('b-w')),
    png('clear.png', draw(7, 640, 480), withAlpha),
    png('sixteen-bit.png', draw(8, 480, 360), sixteenBit),
    webp('photo.webp', draw(9, 1024, 768)),
    png('one-pixel.png', draw(10, 1, 1), plain),
  ])
}

/** One JPEG photo, for measuring. */
export async function drawPhoto({ width, height, seed }: Dimensions & { readonly seed: number }): Promise<Uint8Array> {
  const { bytes } = await jpeg('photo.jpg', drawScene({ width, height }, `photo ${seed}`, drawTexture(seed)))
  return bytes
}

async function jpeg(path: string, scene: Scene, change = (image: Sharp) => image): Promise<Sample> {
  return sampleOf(path, scene, 'jpeg', await change(plain(scene)).jpeg({ quality: 92 }).toBuffer())
}

async function png(path: string, scene: Scene, imageOf: (scene: Scene) => Sharp): Promise<Sample> {
  return sampleOf(path, scene, 'png', await imageOf(scene).png({ compressionLevel: 1 }).toBuffer())
}

async function webp(path: string, scene: Scene): Promise<Sample> {
  return sampleOf(path, scene, 'webp', await plain(scene).webp({ quality: 85, effort: 1 }).toBuffer())
}

function sampleOf(path: string, { width, height, boxes }: Scene, format: Sample['format'], bytes: Uint8Array): Sample {
  return { path, bytes, format, width, height, boxes }
}

function plain({ data, width, height }: Scene): Sharp {
  return fromPixels({ data, width, height, channels: 3 })
}

/**
 * The upright image as it must be stored so that a viewer who follows the tag sees it upright (EXIF 2.32, 4.6.4 Orientation).
 * sharp mirrors before it turns, in whatever order it is told to.
 */
function stored(upright: Sharp, orientation: number): Sharp {
  const turns: Readonly<Record<number, (image: Sharp) => Sharp>> = {
    2: (image) => image.flop(),
    3: (image) => image.rotate(180),
    4: (image) => image.flip(),
    5: (image) => image.flip().rotate(90),
    6: (image) => image.rotate(270),
    7: (image) => image.flop().rotate(90),
    8: (image) => image.rotate(90),
  }
  const turn = turns[orientation]
  return (turn ? turn(upright) : upright).withMetadata({ orientation })
}

/** Clear at the left, opaque at the right, and a clear block in the middle. */
function withAlpha({ data, width, height }: Scene): Sharp {
  const clear = new Uint8Array(width * height * 4)
  for (let y = 0; y < height; y++) {
    const inRows = y * 3 > height && y * 3 < height * 2
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * 3
      const to = (y * width + x) * 4
      clear.set(data.subarray(from, from + 3), to)
      clear[to + 3] = inRows && x * 3 > width && x * 3 < width * 2 ? 0 : Math.min(255, Math.round((x * 510) / width))
    }
  }
  return fromPixels({ data: clear, width, height, channels: 4 })
}

/** Colours that 8 bits can't tell apart: each value is moved within its step by where its pixel is. */
function sixteenBit({ data, width, height }: Scene): Sharp {
  const values = Uint16Array.from(data, (value, at) => Math.min(65_535, value * 257 + (at % 200)))
  return sharp(values, { raw: { width, height, channels: 3 } }).toColourspace('rgb16')
}
