import { closeSync, fstatSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs'

/**
 * Takes the beginning of a log away that others add to meanwhile, up to a line of its last `most` bytes; returns how many bytes that
 * frees (`dry`: would free). It stays the same file, as whoever has it open would go on writing to the one that was.
 */
export function trimLog(path: string, most: number, dry: boolean): number {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  // Twice as long, so that what stays is not written over what it is read from.
  if (size <= 2 * most) return 0
  const fd = openSync(path, 'r+')
  try {
    const tail = read(fd, size - most, size)
    let from = size - most + tail.indexOf(0x0a) + 1
    const freed = from
    if (dry) return freed
    let at = 0
    // What was added while the rest was written; only between the last look and the cut a line could be lost.
    for (let end = size; from < end; end = fstatSync(fd).size) {
      at += writeSync(fd, read(fd, from, end), 0, end - from, at)
      from = end
    }
    ftruncateSync(fd, at)
    return freed
  } finally {
    closeSync(fd)
  }
}

function read(fd: number, from: number, to: number): Buffer {
  const bytes = Buffer.alloc(to - from)
  readSync(fd, bytes, 0, bytes.length, from)
  return bytes
}
