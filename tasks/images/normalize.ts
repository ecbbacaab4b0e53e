import sharp, { type Sharp } from 'sharp'
import { openImage, reading } from './read.ts'
import { type Dimensions, type Fit, outputSize, pictureSize, type Size } from './sizes.ts'

/** Everything that decides the pixels of a normalised image. */
export interface Policy {
  readonly sizes: readonly Size[]
  /** How exact sizes are filled. */
  readonly fit: Fit
  /** `#rrggbb`: alpha is flattened on it, `contain` pads with it. */
  readonly background: string
  readonly format: 'jpeg'
  /** 1 to 100. */
  readonly quality: number
}

export interface NormalizedImage {
  /** The name of its size: `1080p`, `800x600`. */
  readonly variant: string
  readonly bytes: Uint8Array
  readonly width: number
  readonly height: number
}

/** Raised with every change below that changes pixels. */
const policyVersion = 1

/**
 * SHA-256 in hexadecimal of everything that changes pixels: the policy, our version of it, and the versions of sharp and of
 * the libraries in it. The sizes count as a set, since all come from one decode as large as the largest needs.
 */
export function policyHash({ sizes, fit, background, format, quality }: Policy): string {
  const names = sizes.map(({ kind, name, width, height }) => `${kind} ${name} ${width}x${height}`).sort()
  const versions = Object.entries(sharp.versions).sort(([a], [b]) => (a < b ? -1 : 1))
  const covered = [policyVersion, names, fit, background.toLowerCase(), format, quality, versions]
  return Bun.SHA256.hash(JSON.stringify(covered), 'hex')
}

/**
 * The source in every size of the policy, in its order: upright, 8-bit sRGB, alpha flattened, no metadata.
 * `name` stands for the image in the Problem thrown where it can't be read.
 */
export async function normalize(
  source: Uint8Array | string,
  policy: Policy,
  name = typeof source === 'string' ? source : 'image',
): Promise<readonly NormalizedImage[]> {
  const { image, metadata } = await openImage(source, name, 'normalize')
  const upright = metadata.autoOrient
  const variants = policy.sizes.map((size) => ({
    size,
    picture: pictureSize(upright, size, policy.fit),
    output: outputSize(upright, size),
  }))
  // sharp turns whatever it reads into sRGB by itself, by its colour profile where it has one.
  const normal = image.flatten({ background: policy.background })
  return reading(name, 'normalize', async () => {
    const pictures =
      variants.length === 1
        ? () => normal
        : await decodeOnce(
            normal,
            upright,
            variants.map(({ picture }) => picture),
          )
    return Promise.all(
      variants.map(async ({ size, picture, output }) => {
        const framed = frame(pictures().resize({ ...picture, fit: 'fill' }), picture, output, policy.background)
        const { data, info } = await framed.jpeg({ quality: policy.quality }).toBuffer({ resolveWithObject: true })
        return { variant: size.name, bytes: data, width: info.width, height: info.height }
      }),
    )
  })
}

/**
 * Decodes as many pixels as the largest picture needs on each side and no more than there are: a JPEG is then decoded at a
 * half, a quarter or an eighth where that is enough. Each call of what it returns starts from those pixels.
 */
async function decodeOnce(image: Sharp, source: Dimensions, pictures: readonly Dimensions[]): Promise<() => Sharp> {
  const width = Math.min(source.width, Math.max(...pictures.map((picture) => picture.width)))
  const height = Math.min(source.height, Math.max(...pictures.map((picture) => picture.height)))
  const { data, info } = await image
    .resize({ width, height, fit: 'fill' })
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
  const raw = { width: info.width, height: info.height, channels: info.channels }
  return () => sharp(data, { raw })
}

/** Crops the picture to the output, or pads it, evenly on both sides. */
function frame(image: Sharp, picture: Dimensions, output: Dimensions, background: string): Sharp {
  const left = Math.floor((output.width - picture.width) / 2)
  const top = Math.floor((output.height - picture.height) / 2)
  if (left === 0 && top === 0 && picture.width === output.width && picture.height === output.height) return image
  const right = output.width - picture.width - left
  const bottom = output.height - picture.height - top
  return left >= 0 && top >= 0 && right >= 0 && bottom >= 0
    ? image.extend({ left, top, right, bottom, background })
    : image.extract({ left: Math.max(0, -left), top: Math.max(0, -top), ...output })
}
