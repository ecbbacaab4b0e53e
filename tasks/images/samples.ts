import type { Box } from './boxes.ts'

export interface Sample {
  /** Relative, with its folders and extension, separated by slashes. */
  readonly path: string
  readonly bytes: Uint8Array
  readonly format: 'jpeg' | 'png' | 'webp'
  /** As a viewer sees it, upright. */
  readonly width: number
  readonly height: number
  /** The EXIF orientation it is stored with, 1 to 8; none: no such tag. */
  readonly orientation?: number
  readonly boxes: readonly Box[]
}

/** Draws the sample images; the same seed gives the same bytes. */
export async function drawSamples(seed = 1): Promise<readonly Sample[]> {
  throw new Error(`not there yet: ${seed}`)
}
