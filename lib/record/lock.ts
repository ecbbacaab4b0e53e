import { dlopen, read } from 'bun:ffi'
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import * as v from 'valibot'
import { bootId, standingOf } from './holder.ts'
import type { Lock, LockHolder } from './store.ts'

/**
 * Takes the lock file at `path`. On one machine the kernel holds it (flock), so it is gone with the process that took it,
 * however that died, and no child inherits it. The line in the file says who has it; a release takes the line away. So a line
 * that stands although the kernel gave us the lock is of a process that died, and is taken over, or of another machine that
 * shares this folder but not its locks, and is obeyed.
 */
export function lockFile(path: string, holder: LockHolder): Lock {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644)
  let got = flock(fd)
  let before = readHolder(path)
  // Held by nobody who lives: by a child that a dead process forked and that has not become another program yet, or by who
  // is about to write its line or has just taken it away.
  for (let left = 100; got === 'theirs' && left > 0 && isGone(before); left--) {
    Bun.sleepSync(10)
    got = flock(fd)
    before = readHolder(path)
  }
  if (got === 'theirs') {
    closeSync(fd)
    return { kind: 'busy', holder: before }
  }
  const standing = before === undefined ? 'gone' : standingUnder(got, before)
  if (standing !== 'gone') {
    closeSync(fd)
    return { kind: 'busy', holder: before, ...(standing === 'elsewhere' && { file: path }) }
  }
  ftruncateSync(fd)
  writeSync(fd, `${JSON.stringify(holder)}\n`, 0)
  const release = () => {
    ftruncateSync(fd)
    closeSync(fd)
  }
  return { kind: 'held', ...(before?.boot !== undefined && { tookOver: before }), release }
}

/** Locks an open file against everybody else who asks, until it is closed; false when somebody else has it. */
export function tryLock(fd: number): boolean {
  return flock(fd) === 'ours'
}

/**
 * Does `work` with the file at `path`, opened with `flags`, while nobody else who asks by this has it; what was locked is what the path
 * names, also where the file was put in another's place meanwhile. Who has it may have been stopped: after `seconds` the system's kind of
 * error is thrown.
 */
export function aloneWith<T>(path: string, flags: 'a' | 'w', seconds: number, work: (fd: number) => T): T {
  const deadline = performance.now() + seconds * 1000
  do {
    const fd = openSync(path, flags)
    try {
      if (!takenByOthers(fd) && statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino) return work(fd)
    } finally {
      closeSync(fd)
    }
  } while (performance.now() < deadline)
  throw Object.assign(new Error(`another process has had ${path} for ${seconds} s`), { syscall: 'flock' })
}

/**
 * Does `work` while nobody else who asks by this has the file at `path`, however long that takes to come; whoever died no longer has it.
 * `waiting` is called once where somebody has. Rejects with the signal's reason when it is aborted meanwhile.
 */
export async function whenAlone<T>(
  path: string,
  signal: AbortSignal,
  waiting: () => void,
  work: () => Promise<T>,
): Promise<T> {
  for (let told = false; ; ) {
    const fd = openSync(path, 'a')
    try {
      while (flock(fd) === 'theirs') {
        if (!told) waiting()
        told = true
        await Bun.sleep(100)
        signal.throwIfAborted()
      }
      // What was locked may have been removed, and another put in its place.
      if (statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino) return await work()
    } finally {
      closeSync(fd)
    }
  }
}

/** As `tryLock`, where a file system without such locks is no reason to give up; true when somebody else has it. */
export function takenByOthers(fd: number): boolean {
  // Who only asks whether it is taken has it for a moment.
  for (let left = 5; flock(fd) === 'theirs'; left--) {
    if (left === 0) return true
    Bun.sleepSync(10)
  }
  return false
}

/** Whether a process has the file at `path` locked; false where it is not there or may not be read. */
export function isTaken(path: string): boolean {
  try {
    const fd = openSync(path, 'r')
    try {
      return flock(fd) === 'theirs'
    } finally {
      closeSync(fd)
    }
  } catch {
    return false
  }
}

type Flock = 'ours' | 'theirs' | 'unsupported'

function isGone(holder: LockHolder | undefined): boolean {
  return holder === undefined || (holder.boot !== undefined && standingOf(holder) === 'gone')
}

function standingUnder(got: Flock, before: LockHolder): ReturnType<typeof standingOf> {
  const standing = standingOf(before)
  // In another container of this machine: one kernel, which would not have given us its lock.
  return standing === 'elsewhere' && got === 'ours' && before.boot === bootId() ? 'gone' : standing
}

const holderSchema = v.object({
  run: v.string(),
  pid: v.number(),
  host: v.string(),
  since: v.string(),
  boot: v.optional(v.string()),
  started: v.optional(v.string()),
})

function readHolder(path: string): LockHolder | undefined {
  try {
    const holder = v.safeParse(holderSchema, JSON.parse(readFileSync(path, 'utf8')))
    return holder.success ? holder.output : undefined
  } catch {
    return undefined // free, or between its truncation and its line
  }
}

const exclusive = 2
const nonBlocking = 4

const mac = process.platform === 'darwin'
const libraries = mac
  ? ['libSystem.B.dylib']
  : ['libc.so.6', `libc.musl-${process.arch === 'x64' ? 'x86_64' : 'aarch64'}.so.1`]

// ENOLCK, ENOSYS, EOPNOTSUPP: a network file system that has no such locks.
const unsupported = mac ? [77, 78, 102, 45] : [37, 38, 95]

function flock(fd: number): Flock {
  const system = openFirst(libraries)
  try {
    if (system.flock(fd, exclusive | nonBlocking) === 0) return 'ours'
    const errno = system.errno()
    return errno !== null && unsupported.includes(read.i32(errno)) ? 'unsupported' : 'theirs'
  } finally {
    system.close()
  }
}

function openFirst([name = '', ...others]: readonly string[]) {
  try {
    return mac ? openDarwin(name) : openLinux(name)
  } catch (error) {
    if (others.length === 0) throw error
    return openFirst(others)
  }
}

const call = { args: ['i32', 'i32'], returns: 'i32' } as const
const place = { args: [], returns: 'ptr' } as const

function openLinux(name: string) {
  const { symbols, close } = dlopen(name, { flock: call, __errno_location: place })
  return { flock: symbols.flock, errno: symbols.__errno_location, close }
}

function openDarwin(name: string) {
  const { symbols, close } = dlopen(name, { flock: call, __error: place })
  return { flock: symbols.flock, errno: symbols.__error, close }
}
