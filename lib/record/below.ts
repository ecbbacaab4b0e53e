import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { cannot } from '../plan/problem.ts'

/** What file systems take of a name, in bytes. */
const longestName = 255

/**
 * The path below `root` of names that came from outside (a run's id, a plan's name, what a program wrote), one a folder. Throws a
 * Problem for a name that would lead elsewhere (`..`, a slash, nothing at all), that no disk takes (NUL, more than 255 bytes), and
 * for a symbolic link on the way. `root` itself is a person's choice, and may be one. `what` is what the names name, for the sentence.
 */
export function below(root: string, names: readonly string[], what: string): string {
  const action = `find a place in ${root}`
  let path = root
  for (const name of names) {
    const wrong = ruleBrokenBy(name)
    if (wrong !== undefined) throw cannot(action, what, wrong, printable(names.join('/')))
    path = join(path, name)
    if (isLink(path)) throw cannot(action, what, 'reached without a symbolic link', path, 'Remove the link.')
  }
  return path
}

function ruleBrokenBy(name: string): string | undefined {
  if (name === '' || name === '.' || name === '..') return 'a name that stays in the folder'
  if (/[/\0]/.test(name)) return 'a name without a slash or a NUL'
  if (Buffer.byteLength(name) > longestName) return `a name of at most ${longestName} bytes`
  return undefined
}

export function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink()
  } catch {
    return false // nothing there, or not to be looked at: whoever opens it is told
  }
}

/** A terminal must not be told what to do by a name. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (letter) => `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
