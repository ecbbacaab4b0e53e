import sharp, { type Metadata, type Sharp } from 'sharp'
import { cannot, messageOf, type Problem } from '../../lib/index.ts'

// libvips keeps what it has opened by path: a staged WebP would come out as the one that lay there before it.
sharp.cache(false)

/** An image of more pixels is refused by its header alone. 200 megapixels are the largest that cameras make today. */
export const pixelLimit = 200_000_000

// Formats that hold pixels only: libvips would also render SVG and PDF, so a text named .jpg could pass for an image.
const formats: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp', 'tiff', 'gif', 'heif'])

const decodable = `a whole JPEG, PNG, WebP, TIFF, GIF or AVIF image of at most ${pixelLimit / 1e6} megapixels`

export interface OpenedImage {
  /** Decodes upright (its EXIF orientation applied) and fails on damaged or missing pixels. */
  readonly image: Sharp
  readonly metadata: Metadata
}

/** Reads an image's header. Throws a Problem naming it when it is no image or has too many pixels. */
export async function openImage(source: Uint8Array | string, name: string, action: string): Promise<OpenedImage> {
  // 'error' refuses truncated and damaged pixels; 'warning' would also refuse the odd metadata that cameras write.
  const image = await reading(name, action, async () =>
    sharp(source, { failOn: 'error', limitInputPixels: pixelLimit, autoOrient: true }),
  )
  const metadata = await reading(name, action, () => image.metadata())
  if (formats.has(metadata.format)) return { image, metadata }
  throw unreadable(name, action, `${metadata.format.toUpperCase()}, which is not pixels`)
}

/** Runs `work`, which decodes the image called `name`; what libvips says becomes a Problem naming it. */
export async function reading<T>(name: string, action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw unreadable(name, action, reason(messageOf(error)))
  }
}

function unreadable(name: string, action: string, found: string): Problem {
  return cannot(action, name, decodable, found, 'Replace the image or take it out')
}

function reason(message: string): string {
  const said = message.split('\n', 1)[0] ?? ''
  if (/unsupported image format/i.test(said)) return 'no image'
  if (/is empty/i.test(said)) return 'an empty file'
  if (/pixel limit/i.test(said)) return 'an image of more pixels than that'
  return `damaged (${said.replace(/:\s*$/, '')})`
}
