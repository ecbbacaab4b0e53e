import { statSync } from 'node:fs'
import * as v from 'valibot'
import { type Param, param, path } from '../../lib/index.ts'

/**
 * A folder of the user's own images; empty: samples are drawn. It must be there; whether images are in it is seen when
 * `listImages` reads it.
 */
export function imageFolder(): Param<string> {
  const { schema: folderPath, ...rest } = path('', 'folder of images to use (default: samples are drawn)')
  const schema = v.pipe(
    folderPath,
    v.check(
      (folder) => folder === '' || statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true,
      'a folder that is there',
    ),
  )
  return param(schema, rest)
}
