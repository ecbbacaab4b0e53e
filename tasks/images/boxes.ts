import type { Dimensions } from './sizes.ts'

/** A labelled rectangle in pixels of the upright image, its origin at the top left. */
export interface Box extends Dimensions {
  readonly label: string
  readonly x: number
  readonly y: number
}
