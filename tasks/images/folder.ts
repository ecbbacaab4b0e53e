import type { Box } from './boxes.ts'
import type { Dimensions } from './sizes.ts'

/** An image of a user's folder; width and height as a viewer sees it, upright. */
export interface FoundImage extends Dimensions {
  /** Relative to the folder, separated by slashes. */
  readonly path: string
  readonly absolute: string
  /** Size of the file. */
  readonly bytes: number
  /** From YOLO labels beside the images; empty where there are none. */
  readonly boxes: readonly Box[]
}

/** Every image in `folder` and the folders in it, by path. Throws a Problem when the folder has none or one can't be read. */
export async function listImages(folder: string): Promise<readonly FoundImage[]> {
  throw new Error(`not there yet: ${folder}`)
}
