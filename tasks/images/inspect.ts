import { openImage, reading } from './read.ts'

/** What a stored image is; width and height as stored, before any EXIF orientation. */
export interface Inspection {
  /** `jpeg`, `png`, `webp` … */
  readonly format: string
  readonly width: number
  readonly height: number
  readonly channels: number
  readonly hasAlpha: boolean
  /** `srgb`, `b-w`, `cmyk` … */
  readonly space: string
  /** `uchar`, `ushort` … */
  readonly depth: string
}

/** Decodes every pixel and says what the image is. Throws a Problem naming it where it can't be decoded. */
export async function inspect(bytes: Uint8Array, name = 'image', action = 'inspect'): Promise<Inspection> {
  const { image, metadata } = await openImage(bytes, name, action)
  await reading(name, action, () => image.raw().toBuffer())
  const { format, width, height, channels, hasAlpha, space, depth } = metadata
  return { format, width, height, channels, hasAlpha, space, depth }
}
