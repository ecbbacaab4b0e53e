import { type Param, text } from '../../lib/index.ts'

/** A folder of the user's own images; empty: samples are drawn. Whether images are in it is seen when `listImages` reads it. */
export function imageFolder(): Param<string> {
  return text('', 'folder of images to use (default: samples are drawn)')
}
