import {
  close,
  closeSync,
  fdatasync,
  fsync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  open,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { promisify } from 'node:util'
import { errorCode } from '../plan/problem.ts'

/**
 * The few calls by which what a run leaves gets on the disk. A test puts another in its place, which loses at a power cut
 * whatever was not synced by then.
 */
export interface Disk {
  /** Makes the folder and those above it; returns the first that was not there, undefined when all were. */
  makeFolder(path: string): string | undefined
  open(path: string, mode: 'r+' | 'wx'): number
  read(fd: number): Buffer
  /** Returns how many of the bytes were taken. */
  write(fd: number, bytes: Uint8Array, at: number): number
  truncate(fd: number, length: number): void
  /** Resolves when what is in the file outlives a power cut. */
  sync(fd: number): Promise<void>
  syncNow(fd: number): void
  /** Resolves when the names in the folder outlive a power cut. */
  syncFolder(path: string): Promise<void>
  syncFolderNow(path: string): void
  rename(from: string, to: string): void
  remove(path: string): void
  close(fd: number): void
}

const opened = promisify(open)
const closed = promisify(close)
const synced = promisify(fsync)

export const disk: Disk = {
  makeFolder: (path) => mkdirSync(path, { recursive: true }),
  open: (path, mode) => openSync(path, mode),
  read: (fd) => readFileSync(fd),
  write: (fd, bytes, at) => writeSync(fd, bytes, 0, bytes.length, at),
  truncate: (fd, length) => ftruncateSync(fd, length),
  sync: promisify(fdatasync),
  syncNow: (fd) => fsyncSync(fd),
  async syncFolder(path) {
    const fd = await opened(path, 'r')
    try {
      await synced(fd).catch(unlessUnsupported)
    } finally {
      await closed(fd)
    }
  },
  syncFolderNow(path) {
    const fd = openSync(path, 'r')
    try {
      fsyncSync(fd)
    } catch (error) {
      unlessUnsupported(error)
    } finally {
      closeSync(fd)
    }
  },
  rename: renameSync,
  remove: (path) => rmSync(path, { recursive: true, force: true }),
  close: (fd) => closeSync(fd),
}

/** Some network file systems sync no folders, since they have written each name before they say that it is there. */
function unlessUnsupported(error: unknown): void {
  const code = errorCode(error)
  if (code !== 'EINVAL' && code !== 'ENOTSUP') throw error
}
