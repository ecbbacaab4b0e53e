import type { Box } from './boxes.ts'

export const augmentations = ['flip', 'rotate', 'shift-scale', 'brightness-contrast', 'blur', 'noise'] as const
export type AugmentationName = (typeof augmentations)[number]

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
  /** What was done, with its numbers: `rotate(degrees=-7.31)`. */
  readonly augmentation: string
  readonly bytes: Uint8Array
  readonly format: 'jpeg' | 'png' | 'webp'
  /** Without the dot. */
  readonly extension: 'jpg' | 'png' | 'webp'
  readonly width: number
  readonly height: number
  readonly boxes: readonly Box[]
}

/** Makes `variants` augmented images of one source; the same seed, key and bytes give the same bytes. */
export async function augment(source: Uint8Array, options: AugmentOptions): Promise<readonly AugmentedImage[]> {
  throw new Error(`not there yet: ${source.length} ${options.key}`)
}
