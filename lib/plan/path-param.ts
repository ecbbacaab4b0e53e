import { homedir } from 'node:os'
import * as v from 'valibot'
import { type Param, param } from './param.ts'

/** A path with the person's own folder for the `~` it begins with: no shell puts it there in the middle of a word, or in quotation marks. */
export function withHome(path: string): string {
  return path.replace(/^~(?=\/|$)/, () => homedir())
}

/** The path of a file or folder, which may begin with `~`. */
export function path(value: string | undefined, help: string, options: Partial<Param<string>> = {}): Param<string> {
  return param(v.pipe(v.string(), v.transform(withHome)), { default: value, help, ...options })
}
