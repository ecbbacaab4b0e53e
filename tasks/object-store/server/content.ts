import { closeSync, mkdirSync, openSync, readdirSync, writeSync } from 'node:fs'
import { unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileSlice } from './exchange.ts'

/** Bytes of an object: one content file, or several in order for a multipart one. */
export interface Segment {
  readonly id: string
  readonly size: number
}

/** Files that are written once under a name of ours and never changed; what they mean stands in the catalog. */
export interface Content {
  create(): ContentWriter
  /** Keeps the files from being removed until the returned function is called. */
  hold(segments: readonly Segment[]): () => void
  remove(segments: readonly Segment[]): void
  /** The bytes `start` to `end` (exclusive) of the segments laid end to end. */
  slices(segments: readonly Segment[], start: number, end: number): readonly FileSlice[]
  /** Removes every file that no catalog row names; for the start, when nothing is being written. */
  sweep(known: ReadonlySet<string>): void
  /** Resolves when every removal under way is done. */
  settled(): Promise<void>
}

export interface ContentWriter {
  write(bytes: Uint8Array): void
  finish(): Promise<Segment>
  discard(): void
}

/** Below this a file is written in one piece off the main thread; above it as it comes in, so that memory stays bounded. */
const pieceLimit = 1 << 20

export function openContent(folder: string): Content {
  mkdirSync(folder, { recursive: true })
  const path = (id: string) => join(folder, id)
  const holds = new Map<string, number>()
  const doomed = new Set<string>()
  const removals = new Set<Promise<void>>()
  // Unique over restarts too, as the clock's reading is part of it.
  const session = Date.now().toString(36)
  let created = 0

  const drop = (id: string) => {
    const removal: Promise<void> = unlink(path(id))
      // Left for the sweep of the next start.
      .catch(() => {})
      .finally(() => removals.delete(removal))
    removals.add(removal)
  }

  return {
    create() {
      const id = `${session}-${(created++).toString(36)}`
      return contentWriter(path(id), id, () => drop(id))
    },
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
            if (doomed.delete(id)) drop(id)
          }
        }
      }
    },
    remove(segments) {
      for (const { id } of segments) {
        if (holds.has(id)) doomed.add(id)
        else drop(id)
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
    sweep(known) {
      for (const id of readdirSync(folder)) if (!known.has(id)) drop(id)
    },
    async settled() {
      while (removals.size > 0) await Promise.all(removals)
    },
  }
}

function contentWriter(path: string, id: string, drop: () => void): ContentWriter {
  let pieces: Uint8Array[] = []
  let size = 0
  let file: number | undefined
  const close = () => {
    if (file !== undefined) closeSync(file)
    file = undefined
  }
  const flush = () => {
    file ??= openSync(path, 'wx')
    // Writing in place of waiting for a thread is what holds the sender back when the disk is slower than the network.
    for (const piece of pieces) writeAll(file, piece)
    pieces = []
  }
  return {
    write(bytes) {
      pieces.push(bytes)
      size += bytes.byteLength
      if (size > pieceLimit) flush()
    },
    async finish() {
      if (file === undefined)
        await writeFile(path, pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces))
      else flush()
      close()
      return { id, size }
    },
    discard() {
      close()
      pieces = []
      drop()
    },
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  let written = 0
  while (written < bytes.byteLength) written += writeSync(file, bytes, written)
}
