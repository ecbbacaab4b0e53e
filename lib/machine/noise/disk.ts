import { closeSync, fdatasyncSync, ftruncateSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { cannot, messageOf } from '../../plan/problem.ts'
import type { Figure } from '../noise-floor.ts'
import { figureOf, samplesFor, timed } from './sampling.ts'

const block = 4096
const chunk = 1 << 20
const chunks = 32

/**
 * How long the disk below `folder`, which is shown as `name`, takes to have a small write outlive a power cut, and how fast it takes a large
 * one. Throws a Problem where it can't be written.
 */
export function diskFigures(folder: string, name: string, seconds: number): readonly Figure[] {
  try {
    return withFile(folder, (fd) => [
      figureOf(`${name}: fdatasync of ${block / 1024} KiB`, 'ms', syncs(fd, seconds / 2)),
      figureOf(`${name}: writing ${(chunks * chunk) / 2 ** 20} MiB, with fdatasync`, 'MB/s', writes(fd, seconds / 2)),
    ])
  } catch (error) {
    throw cannot('measure the disk', folder, 'a folder that can be written', messageOf(error))
  }
}

/** In milliseconds. */
function syncs(fd: number, seconds: number): readonly number[] {
  const bytes = noZeros(block)
  let at = 0
  return samplesFor(seconds, 500, () => {
    writeSync(fd, bytes, 0, block, at)
    at += block
    return timed(() => fdatasyncSync(fd)) * 1000
  })
}

/** In megabytes a second. */
function writes(fd: number, seconds: number): readonly number[] {
  const bytes = noZeros(chunk)
  return samplesFor(seconds, 100, () => {
    ftruncateSync(fd, 0)
    const took = timed(() => {
      for (let count = 0; count < chunks; count++) writeSync(fd, bytes, 0, chunk, count * chunk)
      fdatasyncSync(fd)
    })
    return (chunks * chunk) / took / 1e6
  })
}

/** Some disks don't write zeros. */
function noZeros(size: number): Buffer {
  return Buffer.alloc(size, crypto.getRandomValues(new Uint8Array(1 << 12)))
}

/** With a file that is gone afterwards, however this process ends. */
function withFile<T>(folder: string, work: (fd: number) => T): T {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `.noise.${process.pid}.tmp`)
  const fd = openSync(path, 'wx')
  try {
    rmSync(path)
    return work(fd)
  } finally {
    closeSync(fd)
  }
}
