import {
  closeSync,
  constants,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  write,
  writeSync,
} from 'node:fs'
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { openBuffers } from './buffers.ts'
import type { Buffered, FileSlice } from './exchange.ts'
import { keepLately, type Lately } from './lately.ts'
import { mostHandles } from './limits.ts'

/** Bytes of an object: one content file, or several in order for a multipart one. */
export interface Segment {
  readonly id: string
  readonly size: number
}

/** Files under names of ours that don't change while the catalog, which says what they mean, names them or somebody reads them. */
export interface Content {
  create(): ContentWriter
  /** Keeps the files from being removed until the returned function is called. */
  hold(segments: readonly Segment[]): () => void
  remove(segments: readonly Segment[]): void
  /** The bytes `start` to `end` (exclusive) of the segments laid end to end. */
  slices(segments: readonly Segment[], start: number, end: number): readonly FileSlice[]
  /** The same bytes at once, for what is small. */
  read(segments: readonly Segment[], start: number, end: number): Buffered
  /** Removes every file that no catalog row names; for the start, when nothing is being written. */
  sweep(known: ReadonlySet<string>): void
  /** Removes what nothing names and waits for every removal under way. */
  close(): Promise<void>
}

export interface ContentWriter {
  write(bytes: Uint8Array): void
  finish(): Promise<Segment>
  discard(): void
}

/** Below this a file is written in one piece off the main thread; above it as it comes in, so that memory stays bounded. */
const pieceLimit = 1 << 20

/**
 * How many small files nothing names any more are kept to be written again. Creating a file where others were just removed costs ext4
 * up to a millisecond, as it looks for an inode that was not in use a moment ago; half of a put's time when objects are replaced.
 */
const spareLimit = 64

/** Bytes of buffers that wait to be read into again. */
const waitingBuffers = 16 << 20

/** Bytes of files that are not read from the disk, since they were just written. */
const latelyWritten = 64 << 20

export function openContent(folder: string): Content {
  mkdirSync(folder, { recursive: true })
  const path = (id: string) => join(folder, id)
  const holds = new Map<string, number>()
  const doomed = new Map<string, Segment>()
  const removals = new Set<Promise<void>>()
  const spares: Segment[] = []
  const buffers = openBuffers(waitingBuffers)
  const lately = keepLately(latelyWritten)
  // Unique over restarts too, as the clock's reading is part of it.
  const session = Date.now().toString(36)
  let created = 0

  // Opening and closing one takes as long as reading 100 KiB of it. Oldest first. A file's name and its inode stay together until it is unlinked, also when its bytes are written again.
  const handles = new Map<string, number>()
  const handleOf = (id: string): number => {
    const known = handles.get(id)
    if (known !== undefined) return known
    const handle = openSync(path(id), constants.O_RDONLY | constants.O_NOFOLLOW)
    handles.set(id, handle)
    const [oldest] = handles.keys()
    if (handles.size > mostHandles && oldest !== undefined) closeHandle(oldest)
    return handle
  }
  const closeHandle = (id: string) => {
    const handle = handles.get(id)
    if (handle === undefined) return
    handles.delete(id)
    closeSync(handle)
  }

  const unlinkFile = (id: string) => {
    closeHandle(id)
    const removal: Promise<void> = unlink(path(id))
      // Left for the sweep of the next start.
      .catch(() => {})
      .finally(() => removals.delete(removal))
    removals.add(removal)
  }
  const drop = (segment: Segment) => {
    // The next file of that name has other bytes.
    lately.forget(segment.id)
    if (segment.size <= pieceLimit && spares.length < spareLimit) spares.push(segment)
    else unlinkFile(segment.id)
  }
  const open = (): OpenFile => {
    const spare = spares.pop()
    const id = spare?.id ?? `${session}-${(created++).toString(36)}`
    return {
      id,
      handle: openSync(path(id), spare ? constants.O_RDWR | constants.O_NOFOLLOW : 'wx'),
      size: spare?.size ?? 0,
    }
  }

  return {
    create: () => contentWriter(open, unlinkFile, lately),
    hold(segments) {
      for (const { id } of segments) holds.set(id, (holds.get(id) ?? 0) + 1)
      let held = true
      return () => {
        if (!held) return
        held = false
        for (const { id } of segments) {
          const left = (holds.get(id) ?? 1) - 1
          if (left > 0) holds.set(id, left)
          else {
            holds.delete(id)
            const segment = doomed.get(id)
            doomed.delete(id)
            if (segment) drop(segment)
          }
        }
      }
    },
    remove(segments) {
      for (const segment of segments) {
        if (holds.has(segment.id)) doomed.set(segment.id, segment)
        else drop(segment)
      }
    },
    slices(segments, start, end) {
      const found: FileSlice[] = []
      let at = 0
      for (const { id, size } of segments) {
        const [from, to] = [Math.max(start, at), Math.min(end, at + size)]
        if (from < to) found.push({ path: path(id), offset: from - at, length: to - from })
        at += size
      }
      return found
    },
    read(segments, start, end) {
      const [only, ...others] = segments
      const known = others.length === 0 && only !== undefined ? lately.get(only.id) : undefined
      if (known !== undefined) return { bytes: known.subarray(start, end), length: end - start, release() {} }
      const buffer = buffers.take(end - start)
      let at = 0
      let done = 0
      for (const { id, size } of segments) {
        const [from, to] = [Math.max(start, at), Math.min(end, at + size)]
        for (let offset = from; offset < to; ) {
          const read = readSync(handleOf(id), buffer, done, to - offset, offset - at)
          if (read === 0) throw new Error(`the content file ${path(id)} is shorter than its object`)
          offset += read
          done += read
        }
        at += size
      }
      return { bytes: buffer.subarray(0, end - start), length: end - start, release: () => buffers.give(buffer) }
    },
    sweep(known) {
      for (const id of readdirSync(folder)) if (!known.has(id) && /^[0-9a-z]+-[0-9a-z]+$/.test(id)) unlinkFile(id)
    },
    async close() {
      for (const { id } of spares.splice(0)) unlinkFile(id)
      for (const id of [...handles.keys()]) closeHandle(id)
      while (removals.size > 0) await Promise.all(removals)
    },
  }
}

interface OpenFile {
  readonly id: string
  readonly handle: number
  /** Bytes it holds that mean nothing any more. */
  readonly size: number
}

function contentWriter(open: () => OpenFile, unlinkFile: (id: string) => void, lately: Lately): ContentWriter {
  let pieces: Uint8Array[] = []
  let size = 0
  let file: OpenFile | undefined
  let state: 'open' | 'closed' = 'open'
  const close = () => {
    if (file !== undefined && state === 'open') closeSync(file.handle)
    state = 'closed'
  }
  const flush = () => {
    file ??= open()
    // Writing in place of waiting for a thread is what holds the sender back when the disk is slower than the network.
    for (const piece of pieces) writeAll(file.handle, piece)
    pieces = []
  }
  return {
    write(bytes) {
      pieces.push(bytes)
      size += bytes.byteLength
      if (size > pieceLimit) flush()
    },
    async finish() {
      if (file !== undefined) flush()
      else {
        file = open()
        if (size > 0) lately.keep(file.id, await writePieces(file.handle, pieces, size))
      }
      if (file.size > size) ftruncateSync(file.handle, size)
      close()
      return { id: file.id, size }
    },
    discard() {
      close()
      pieces = []
      if (file !== undefined) unlinkFile(file.id)
    },
  }
}

function writeAll(handle: number, bytes: Uint8Array): void {
  let written = 0
  while (written < bytes.byteLength) written += writeSync(handle, bytes, written)
}

/** Returns what was written, in one piece. */
function writePieces(handle: number, pieces: readonly Uint8Array[], size: number): Promise<Uint8Array> {
  const bytes = pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces, size)
  return new Promise((resolve, reject) => {
    writeAt(0)
    function writeAt(done: number): void {
      write(handle, bytes, done, size - done, done, (error, written) => {
        if (error) reject(error)
        else if (done + written === size) resolve(bytes)
        else writeAt(done + written)
      })
    }
  })
}
