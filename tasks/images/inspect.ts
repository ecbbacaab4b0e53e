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
export async function inspect(bytes: Uint8Array, name = 'image'): Promise<Inspection> {
  throw new Error(`not there yet: ${name} ${bytes.length}`)
}
