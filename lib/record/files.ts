import {
  appendFileSync,
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { messageOf, Problem, sentence } from '../plan/problem.ts'
import { below } from './below.ts'
import { foldersOf, lastLine } from './folder.ts'
import { lockFile } from './lock.ts'
import type { RunStore, Store } from './store.ts'

const datasync = promisify(fdatasync)

/** Runs as folders: `<root>/<plan>/<run>/journal.jsonl` and what lies beside it. */
export function fileStore(root: string): Store {
  const folderOf = (plan: string, run: string) => below(root, [plan, run], 'run')
  const journalPath = (plan: string, run: string) => below(root, [plan, run, 'journal.jsonl'], 'run')

  return {
    create(plan, run) {
      const folder = folderOf(plan, run)
      guarded(root, () => mkdirSync(folder, { recursive: true }))
      return runStore(folder, 'wx')
    },
    open: (plan, run) => runStore(folderOf(plan, run), 'r+'),
    read(plan, run) {
      const path = journalPath(plan, run)
      return existsSync(path) ? readFileSync(path, 'utf8') : undefined
    },
    lastLine: (plan, run) => lastLine(journalPath(plan, run)),
    plans: () => foldersOf(root),
    runs: (plan) => foldersOf(below(root, [plan], 'plan')),
    pathOf: folderOf,
    lock(plan, holder) {
      const path = below(root, [plan, '.lock'], 'plan')
      return guarded(root, () => {
        mkdirSync(dirname(path), { recursive: true })
        return lockFile(path, holder)
      })
    },
  }
}

function runStore(folder: string, mode: 'wx' | 'r+'): RunStore {
  const journal = below(folder, ['journal.jsonl'], 'journal')
  const within = (name: string) => below(folder, name.split('/'), 'file of the run')
  const fd = guarded(folder, () => openSync(journal, mode))
  let length = mode === 'wx' ? 0 : cutTornLine(fd)
  const logs = lateLogs()
  return {
    path: folder,
    append(lines) {
      const bytes = Buffer.from(lines)
      guarded(folder, () => {
        try {
          for (let written = 0; written < bytes.length; )
            written += writeSync(fd, bytes, written, bytes.length - written, length + written)
        } catch (error) {
          ftruncateSync(fd, length) // a full disk takes part of a line; the rest of the journal stays readable
          throw error
        }
      })
      length += bytes.length
    },
    sync: () => datasync(fd).catch((error: unknown) => refuse(folder, error)),
    write(name, content) {
      const path = within(name)
      guarded(folder, () => writeWhole(path, content))
      return path
    },
    log: (name, text) => guarded(folder, () => logs.add(join(folder, name), text)),
    folder(name) {
      const path = within(name)
      guarded(folder, () => mkdirSync(path, { recursive: true }))
      return path
    },
    remove(name) {
      const path = within(name)
      guarded(folder, () => rmSync(path, { recursive: true, force: true }))
    },
    close() {
      guarded(folder, logs.write)
      closeSync(fd)
    },
  }
}

/** To that very file, and not to what a link in its place leads to. */
const appendHere = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW

/**
 * Lines for log files, written a moment after they came: a new file makes the journal's next sync twice as long, so steps
 * that end together share that too.
 */
function lateLogs() {
  const soonMs = 100
  const most = 64 * 1024
  let pending = new Map<string, string>()
  let size = 0
  let timer: Timer | undefined
  let broken: unknown

  function write(): void {
    clearTimeout(timer)
    timer = undefined
    const texts = pending
    pending = new Map()
    size = 0
    for (const [path, text] of texts) {
      mkdirSync(dirname(path), { recursive: true })
      const fd = openSync(path, appendHere)
      try {
        appendFileSync(fd, text)
      } finally {
        closeSync(fd)
      }
    }
  }

  return {
    add(path: string, text: string): void {
      if (broken !== undefined) throw broken
      pending.set(path, (pending.get(path) ?? '') + text)
      size += text.length
      if (size > most) write()
      else
        timer ??= setTimeout(() => {
          try {
            write()
          } catch (error) {
            broken = error // for whoever logs next
          }
        }, soonMs)
    },
    write,
  }
}

/** Writes a file that is there whole or not at all, whatever happens meanwhile. */
export function writeWhole(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}.tmp`
  try {
    rmSync(temporary, { force: true })
    const fd = openSync(temporary, 'wx') // never through a link that lies in wait
    try {
      const bytes = Buffer.from(content)
      for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

function cutTornLine(fd: number): number {
  const whole = readFileSync(fd)
  const length = whole.lastIndexOf(0x0a) + 1
  if (length < whole.length) ftruncateSync(fd, length)
  return length
}

function guarded<T>(place: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    return refuse(place, error)
  }
}

const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'Free some disk; what was recorded is kept',
  EDQUOT: 'Free some of your quota; what was recorded is kept',
  EACCES: `Make it writable for this user on ${hostname()}`,
  EROFS: 'Mount it writable, or work in a checkout that is',
}

function refuse(place: string, error: unknown): never {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  throw new Problem(sentence('record the run', place, 'a folder that can be written', messageOf(error), remedies[code]))
}
