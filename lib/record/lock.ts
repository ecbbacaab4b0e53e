import { dlopen } from 'bun:ffi'
import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import * as v from 'valibot'
import type { Lock, LockHolder } from './store.ts'

/**
 * Takes the lock file at `path`. The kernel holds it (flock), so it is gone with the process that took it, however that
 * died; what stands in the file only tells a person who has it.
 */
export function lockFile(path: string, holder: LockHolder): Lock {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644)
  if (!tryLock(fd)) {
    closeSync(fd)
    return { kind: 'busy', holder: readHolder(path) }
  }
  ftruncateSync(fd)
  writeSync(fd, `${JSON.stringify(holder)}\n`, 0)
  return { kind: 'held', release: () => closeSync(fd) }
}

/** Locks an open file against everybody else who asks, until it is closed; false when somebody else has it. */
export function tryLock(fd: number): boolean {
  return flock(fd, exclusive | nonBlocking) === 0
}

const exclusive = 2
const nonBlocking = 4

const holderSchema = v.object({ run: v.string(), pid: v.number(), host: v.string(), since: v.string() })

function readHolder(path: string): LockHolder | undefined {
  try {
    const holder = v.safeParse(holderSchema, JSON.parse(readFileSync(path, 'utf8')))
    return holder.success ? holder.output : undefined
  } catch {
    return undefined // between its truncation and its line
  }
}

const libraries =
  process.platform === 'darwin'
    ? ['libSystem.B.dylib']
    : ['libc.so.6', `libc.musl-${process.arch === 'x64' ? 'x86_64' : 'aarch64'}.so.1`]

function flock(fd: number, operation: number): number {
  const { symbols, close } = openFirst(libraries)
  const result = symbols.flock(fd, operation)
  close()
  return result
}

function openFirst([name = '', ...others]: readonly string[]) {
  try {
    return dlopen(name, { flock: { args: ['i32', 'i32'], returns: 'i32' } })
  } catch (error) {
    if (others.length === 0) throw error
    return openFirst(others)
  }
}
