import { statSync } from 'node:fs'
import { homedir } from 'node:os'
import * as v from 'valibot'
import { type Param, param } from '../../lib/index.ts'

/**
 * A folder of the user's own images; empty: samples are drawn. It must be there; whether images are in it is seen when
 * `listImages` reads it.
 */
export function imageFolder(): Param<string> {
  const schema = v.pipe(
    v.string(),
    // Not every shell does this in the middle of a word.
    v.transform((folder) => folder.replace(/^~(?=\/|$)/, homedir())),
    v.check(
      (folder) => folder === '' || statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true,
      'a folder that is there',
    ),
  )
  return param(schema, { default: '', help: 'folder of images to use (default: samples are drawn)' })
}
