import sharp from 'sharp'
import { drawPhoto } from '../tasks/images/samples.ts'

/** Photos of 12 megapixels, no two alike, and what one of them weighs: `1.5 MB`. */
export interface PhotoSet {
  readonly size: string
  readonly photos: readonly Uint8Array[]
}

// The larger a JPEG, the more of its time is unpacking it, which is the same code on all sides: so each bar is held at both.
const qualities = [83, 92]

/** The same `count` photos as small and as large files. */
export async function photoSets(count: number): Promise<readonly PhotoSet[]> {
  const drawn = await Promise.all(
    Array.from({ length: count }, (_, seed) => drawPhoto({ width: 4032, height: 3024, seed })),
  )
  return Promise.all(
    qualities.map(async (quality) => {
      const photos = await Promise.all(drawn.map((photo) => sharp(photo).jpeg({ quality }).toBuffer()))
      const bytes = photos.reduce((sum, photo) => sum + photo.length, 0) / count
      return { size: `${(bytes / 1e6).toFixed(1)} MB`, photos }
    }),
  )
}
