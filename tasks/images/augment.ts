import sharp, { type Sharp } from 'sharp'
import { blur, brightnessContrast, type Change, flip, noise, rotate, shiftScale } from './augmentations.ts'
import { type Box, clipBoxes } from './boxes.ts'
import { type Pixels, toPixels } from './pixels.ts'
import { type Random, seeded } from './random.ts'
import { openImage, reading } from './read.ts'

export const augmentations = ['flip', 'rotate', 'shift-scale', 'brightness-contrast', 'blur', 'noise'] as const
export type AugmentationName = (typeof augmentations)[number]

const makers: Readonly<Record<AugmentationName, (source: Pixels, random: Random) => Change>> = {
  flip,
  rotate,
  'shift-scale': shiftScale,
  'brightness-contrast': brightnessContrast,
  blur,
  noise,
}

export interface AugmentOptions {
  /** What names the source (its URI): with `seed` it decides which augmentations are made, with which numbers. */
  readonly key: string
  readonly seed: number
  /** How many augmented images to make. */
  readonly variants?: number
  /** Labelled boxes of the source; they move with the pixels. */
  readonly boxes?: readonly Box[]
}

export interface AugmentedImage {
  /** What was done, with its numbers: `rotate(degrees=-7.3)`. */
  readonly augmentation: string
  readonly bytes: Uint8Array
  readonly format: 'jpeg' | 'png' | 'webp'
  /** Without the dot. */
  readonly extension: 'jpg' | 'png' | 'webp'
  readonly width: number
  readonly height: number
  readonly boxes: readonly Box[]
}

/**
 * Makes `variants` augmented images of one source, upright and 8-bit sRGB, in the source's format (PNG with alpha or else
 * JPEG where that is none of the three). No augmentation comes twice before each has come once. The same seed, key and bytes
 * give the same bytes wherever sharp and the kind of processor are the same. Throws a Problem naming the key when the source
 * can't be decoded.
 */
export async function augment(
  source: Uint8Array,
  { key, seed, variants = 3, boxes = [] }: AugmentOptions,
): Promise<readonly AugmentedImage[]> {
  const { image, metadata } = await openImage(source, key, 'augment')
  const pixels = await reading(key, 'augment', () => toPixels(image))
  const encoding = encodingOf(metadata.format, pixels.channels === 4)
  const random = seeded(seed, key)
  const names = Array.from({ length: Math.ceil(variants / augmentations.length) }, () => random.shuffled(augmentations))
  const images: AugmentedImage[] = []
  // One after the other: a photo's pixels are held twice at most, however many variants there are.
  for (const name of names.flat().slice(0, variants)) {
    const change = makers[name](pixels, random)
    const bytes = await encoding.encode(change.image).toBuffer()
    // Asked of the stored image: after extract and extend, what sharp says beside the bytes is the size between the two.
    const { width, height } = await sharp(bytes).metadata()
    images.push({
      augmentation: change.says,
      bytes,
      format: encoding.format,
      extension: encoding.extension,
      width,
      height,
      boxes: clipBoxes(boxes.map(change.move), { width, height }),
    })
  }
  return images
}

type Encoding = Pick<AugmentedImage, 'format' | 'extension'> & { encode(image: Sharp): Sharp }

const jpeg: Encoding = { format: 'jpeg', extension: 'jpg', encode: (image) => image.jpeg({ quality: 90 }) }
const png: Encoding = { format: 'png', extension: 'png', encode: (image) => image.png() }
const webp: Encoding = { format: 'webp', extension: 'webp', encode: (image) => image.webp({ quality: 90 }) }

function encodingOf(format: string, alpha: boolean): Encoding {
  if (format === 'webp') return webp
  return format === 'png' || alpha ? png : jpeg
}
