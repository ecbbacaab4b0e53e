import { closeSync, openSync, writeSync } from 'node:fs'
import type { Masking } from '../plan/mask.ts'
import { messageOf, Problem } from '../plan/problem.ts'

export type Stream = 'stdout' | 'stderr'

export interface OutputOptions {
  onLine?: ((line: string, stream: Stream) => void) | undefined
  /** Gets what a line showed before it was drawn over, as bars of progress are. */
  onRedraw?: ((drawn: string) => void) | undefined
  /** A file that gets what is printed: whole up to `logLimit` bytes, then only the last lines and how much was left out. */
  readonly log?: string | undefined
  readonly logLimit?: number | undefined
  /** What takes secrets out of all that is kept and handed on. */
  readonly mask?: Masking | undefined
}

/** What is known of a program's output: bounded in memory and on disk whatever it prints. */
export interface Output {
  add(chunk: Uint8Array, stream: Stream): void
  /** Ends the last line of each stream and the log file. */
  end(): void
  /** The last lines of both streams in the order they came, each as a terminal would show it in the end. */
  lastLines(count: number): readonly string[]
}

const longestLine = 64 * 1024
const keptLines = 100
const newline = 10
const carriageReturn = 13

export function collectOutput({ onLine, onRedraw, log, logLimit = 32 * 2 ** 20, mask }: OutputOptions): Output {
  const last: string[] = []
  const pending: Record<Stream, PendingLine> = { stdout: emptyLine(), stderr: emptyLine() }
  const file = log === undefined ? undefined : openSync(log, 'a')
  const masks = mask && { stdout: mask.stream(), stderr: mask.stream() }
  let written = 0
  let dropped = 0

  const lineDone = (stream: Stream) => {
    const text = textOf(pending[stream])
    pending[stream] = emptyLine()
    last.push(text)
    if (last.length > 2 * keptLines) last.splice(0, keptLines)
    onLine?.(text, stream)
  }
  const record = (chunk: Uint8Array) => {
    if (file === undefined) return
    const kept = chunk.subarray(0, Math.max(0, logLimit - written))
    writeAll(file, kept)
    written += kept.length
    dropped += chunk.length - kept.length
  }

  const take = (chunk: Uint8Array, stream: Stream) => {
    record(chunk)
    for (let at = 0; at < chunk.length; ) {
      const newlineAt = chunk.indexOf(newline, at)
      const end = newlineAt === -1 ? chunk.length : newlineAt
      draw(stream, chunk.subarray(at, end))
      if (newlineAt === -1) return
      lineDone(stream)
      at = end + 1
    }
  }
  /** Where a carriage return does not end a line, what follows is drawn over what is there. */
  const draw = (stream: Stream, bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length; ) {
      if (pending[stream].returned && bytes[at] === carriageReturn) {
        at += 1
        continue
      }
      if (pending[stream].returned) {
        const drawn = textOf(pending[stream])
        pending[stream] = emptyLine()
        if (drawn !== '') onRedraw?.(drawn)
      }
      const returnAt = bytes.indexOf(carriageReturn, at)
      grow(pending[stream], bytes.subarray(at, returnAt === -1 ? bytes.length : returnAt))
      if (returnAt === -1) return
      pending[stream].returned = true
      at = returnAt + 1
    }
  }

  return {
    add: (chunk, stream) => take(masks?.[stream].push(chunk) ?? chunk, stream),
    end: () => {
      for (const stream of ['stdout', 'stderr'] as const) {
        if (masks !== undefined) take(masks[stream].end(), stream)
        if (pending[stream].length > 0) lineDone(stream)
      }
      if (file === undefined) return
      try {
        if (dropped > 0) {
          const tail = last.slice(-keptLines).map((line) => line.slice(0, 4096))
          writeAll(file, Buffer.from(`\n… ${dropped} bytes left out; the last lines were:\n${tail.join('\n')}\n`))
        }
      } finally {
        closeSync(file)
      }
    },
    lastLines: (count) => last.slice(-count),
  }
}

/** A line that has begun and not ended; what is longer than `longestLine` is counted and not kept. */
interface PendingLine {
  readonly parts: Uint8Array[]
  length: number
  /** Whether a carriage return came last. */
  returned: boolean
}

function emptyLine(): PendingLine {
  return { parts: [], length: 0, returned: false }
}

function grow(line: PendingLine, bytes: Uint8Array): void {
  const room = longestLine - line.length
  // A copy: the chunk's buffer may be used again for the next one.
  if (room > 0 && bytes.length > 0) line.parts.push(bytes.slice(0, room))
  line.length += bytes.length
}

function textOf({ parts, length }: PendingLine): string {
  const text = Buffer.concat(parts).toString('utf8')
  return length > longestLine ? `${text}… (${length} bytes)` : text
}

function writeAll(file: number, bytes: Uint8Array): void {
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
  } catch (error) {
    throw new Problem(`Cannot write a program's output to its log: ${messageOf(error)}`, { cause: error })
  }
}
