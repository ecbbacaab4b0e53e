import { write as writeTo } from 'node:fs'
import { promisify } from 'node:util'
import { errorCode, messageOf, Problem } from '../plan/problem.ts'
import { libc } from './libc.ts'
import { readerIsGone } from './reader-gone.ts'

/** The stdout that this process was started with, which nothing else in it can reach any more. */
export interface RealStdout {
  /** Queues `text`; the reader being slow never holds up the caller. Dropped once the reader has gone. */
  write(text: string): void
  /** Waits for all that was queued. Rejects with a Problem when it could not be written (a full disk). */
  flush(): Promise<void>
  /** The reader has gone away (`| head`): nothing more needs to be made for it. */
  readonly closed: boolean
  readonly isTTY: boolean
}

const writeSome = promisify(writeTo)

/**
 * Keeps stdout for what was asked for on it: moves it to a descriptor of its own that no child inherits and points descriptor 1 at
 * stderr, so that a `console.log` in a plan, a child that inherits stdout or a library lands there. Call it once, before other code loads.
 */
export function guardStdout(): RealStdout {
  const isTTY = libc().isTerminal(1)
  const fd = libc().dup(1)
  libc().closeOnExec(fd)
  libc().dup2(2, 1)
  return queuedWriter(fd, isTTY)
}

function queuedWriter(fd: number, isTTY: boolean): RealStdout {
  const queue: Uint8Array[] = []
  let state: 'open' | 'closed' | Problem = 'open'
  let draining: Promise<void> | undefined

  const drain = async () => {
    for (let next = queue.shift(); next !== undefined && state === 'open'; next = queue.shift()) {
      try {
        await writeAll(fd, next)
      } catch (error) {
        state = readerIsGone(error) ? 'closed' : new Problem(`Cannot write to stdout: ${messageOf(error)}`)
        queue.length = 0
      }
    }
    draining = undefined
  }
  return {
    isTTY,
    get closed() {
      return state !== 'open'
    },
    write: (text) => {
      if (state !== 'open' || text === '') return
      queue.push(Buffer.from(text))
      draining ??= drain()
    },
    flush: async () => {
      while (draining !== undefined) await draining
      if (state instanceof Problem) throw state
    },
  }
}

async function writeAll(fd: number, bytes: Uint8Array): Promise<void> {
  let at = 0
  while (at < bytes.length) {
    try {
      at += (await writeSome(fd, bytes, at)).bytesWritten
    } catch (error) {
      // Somebody else who has the pipe or terminal open made it non-blocking, and it is full.
      if (errorCode(error) !== 'EAGAIN') throw error
      await Bun.sleep(5)
    }
  }
}
