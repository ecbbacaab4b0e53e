import { closeSync } from 'node:fs'
import { readerIsGone } from './reader-gone.ts'

/** Our end of a child's standard input. */
export interface Input {
  /** Resolves once all of it is in the pipe; false when nobody reads the other end any more. */
  write(line: string): Promise<boolean>
  close(): Promise<void>
}

export function inputOf(fd: number): Input {
  const pipe = Bun.file(fd).writer()
  let closed = false
  // Its calls throw, reject or return, as they come to know that the reader is gone.
  const reached = async (call: () => unknown): Promise<boolean> => {
    try {
      await call()
      return true
    } catch (error) {
      if (readerIsGone(error)) return false
      throw error
    }
  }
  return {
    async write(line) {
      if (closed) return false
      return (await reached(() => pipe.write(`${line}\n`))) && (await reached(() => pipe.flush()))
    },
    async close() {
      closed = true
      await reached(() => pipe.end())
      // Bun leaves a descriptor that it did not open itself open.
      closeSync(fd)
    },
  }
}
