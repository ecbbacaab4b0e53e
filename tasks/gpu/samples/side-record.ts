import { appendFileSync } from 'node:fs'
import { messageOf } from '../../../lib/index.ts'

/** Adds to a file beside the results. That it cannot be written costs the file, which is said in the log, and no sample. */
export function addBeside(file: string, text: string, log: (line: string) => void): void {
  try {
    appendFileSync(file, text)
  } catch (error) {
    log(`${file} is not whole, as it cannot be written: ${messageOf(error)}`)
  }
}
