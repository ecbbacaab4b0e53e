import type { FoundImage } from './folder.ts'
import type { Dimensions } from './sizes.ts'

export interface MixImage {
  /** `03-4032x3024.jpg`: names in the order of the set. */
  readonly path: string
  read(): Promise<Uint8Array>
}

/**
 * A set of `count` photos that takes these resolutions in turn, drawn as they are read: one picture of each resolution, no two files
 * of the same bytes. The same set each time.
 */
export function drawMix(resolutions: readonly Dimensions[], count: number): readonly MixImage[] {
  const drawn = new Map<Dimensions, Promise<Uint8Array>>()
  const digits = String(count).length
  return Array.from({ length: count }, (_, index) => resolutions[index % resolutions.length]).flatMap((size, index) => {
    if (size === undefined) return []
    const { width, height } = size
    const name = `${String(index + 1).padStart(digits, '0')}-${width}x${height}.jpg`
    return [{ path: name, read: async () => withComment(await photo(size), name) }]
  })

  function photo(size: Dimensions): Promise<Uint8Array> {
    const known = drawn.get(size) ?? draw(size)
    drawn.set(size, known)
    return known
  }
}

async function draw({ width, height }: Dimensions): Promise<Uint8Array> {
  const { drawPhoto } = await import('./samples.ts')
  return drawPhoto({ width, height, seed: 1 })
}

/** Another file of the same picture: a stage that knows content by its hash must not take one for the other. A JPEG's COM segment (ITU T.81, B.2.4.5). */
function withComment(jpeg: Uint8Array, comment: string): Uint8Array {
  const text = new TextEncoder().encode(comment)
  const length = text.length + 2
  const startOfImage = 2
  return Buffer.concat([
    jpeg.subarray(0, startOfImage),
    Uint8Array.of(0xff, 0xfe, length >> 8, length & 0xff),
    text,
    jpeg.subarray(startOfImage),
  ])
}

/** `count` of a folder's images, or all where there are no more: evenly over their resolutions, so that the few are a mix like the many. */
export function chooseMix(images: readonly FoundImage[], count: number): readonly FoundImage[] {
  const bySize = images.toSorted((a, b) => a.width * a.height - b.width * b.height || (a.path < b.path ? -1 : 1))
  const chosen = Math.min(count, bySize.length)
  return Array.from(
    { length: chosen },
    (_, index) => bySize[Math.floor(((index + 0.5) * bySize.length) / chosen)],
  ).flatMap((image) => image ?? [])
}
