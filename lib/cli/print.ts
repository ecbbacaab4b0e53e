import { writeSync } from 'node:fs'
import { errorCode, Problem } from '../plan/problem.ts'
import { readerIsGone } from '../shell/reader-gone.ts'

/** Writes all of `text` before it returns; a reader that has gone away (`| head`) is no error. */
export function writeTo(fd: 1 | 2, text: string): void {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at)
    } catch (error) {
      if (readerIsGone(error)) return
      // Somebody else who has the pipe or terminal open made it non-blocking, and it is full.
      if (errorCode(error) !== 'EAGAIN') throw error
      Bun.sleepSync(5)
    }
  }
}

/** Prints a Problem's sentence on stderr and returns its exit code; throws anything else on. */
export function tellProblem(error: unknown): 2 {
  if (!(error instanceof Problem)) throw error
  writeTo(2, `${withoutSecrets(error.message)}\n`)
  return 2
}

/** A text for people without the secrets among this process's variables. */
export function withoutSecrets(text: string): string {
  // Most commands end without an error, and need not load it.
  const { maskOf }: typeof import('../record/mask.ts') = require('../record/mask.ts')
  return maskOf(process.env)(text)
}
