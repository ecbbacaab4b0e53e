import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'
import { linesOf } from './text.ts'

const mostLines = 10
const tailBytes = 8 * 1024

/** The last lines of a log; none where nothing was logged. */
export function lastLines(path: string): readonly string[] {
  if (!existsSync(path)) return []
  const fd = openSync(path, 'r')
  try {
    const { size } = fstatSync(fd)
    const bytes = Buffer.alloc(Math.min(size, tailBytes))
    readSync(fd, bytes, 0, bytes.length, size - bytes.length)
    const lines = linesOf(bytes.toString('utf8'))
    // The first is cut through where there was more.
    return (size > tailBytes ? lines.slice(1) : lines).slice(-mostLines)
  } finally {
    closeSync(fd)
  }
}
