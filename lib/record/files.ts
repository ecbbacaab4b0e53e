import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { messageOf, Problem, sentence } from '../plan/problem.ts'
import { below } from './below.ts'
import { type Disk, disk as realDisk } from './disk.ts'
import { foldersOf, lastLine } from './folder.ts'
import { wholeLength } from './journal.ts'
import { lateLogs } from './late-logs.ts'
import { isTaken, lockFile, takenByOthers } from './lock.ts'
import type { RunStore, Store } from './store.ts'

/** Runs as folders: `<root>/<plan>/<run>/journal.jsonl` and what lies beside it. */
export function fileStore(root: string, disk: Disk = realDisk): Store {
  const folderOf = (plan: string, run: string) => below(root, [plan, run], 'run')
  const journalPath = (plan: string, run: string) => below(root, [plan, run, 'journal.jsonl'], 'run')

  // The highest whose name may not outlive a power cut: this process made it, or one that died before it could sync.
  let top = resolve(root)
  const makeFolder = (folder: string) => {
    const first = resolve(guarded(root, () => disk.makeFolder(folder)) ?? top)
    if (first.length < top.length) top = first
  }

  return {
    create(plan, run) {
      const folder = folderOf(plan, run)
      makeFolder(folder)
      return runStore(folder, 'wx', foldersBetween(top, folder), disk)
    },
    open: (plan, run) => runStore(folderOf(plan, run), 'r+', [], disk),
    read(plan, run) {
      const path = journalPath(plan, run)
      return existsSync(path) ? readFileSync(path, 'utf8') : undefined
    },
    lastLine: (plan, run) => lastLine(journalPath(plan, run)),
    plans: () => foldersOf(root),
    runs: (plan) => foldersOf(below(root, [plan], 'plan')),
    pathOf: folderOf,
    isGone: (plan, run, path) =>
      (isAbsolute(path) || path.startsWith(`${root}/`)) && `${path}/`.includes(`/${plan}/${run}/`) && !existsSync(path),
    goesOn: (plan, run) => isTaken(journalPath(plan, run)),
    lock(plan, holder) {
      const path = below(root, [plan, '.lock'], 'plan')
      makeFolder(dirname(path))
      return guarded(root, () => lockFile(path, holder))
    },
  }
}

/** `fresh`: the folders whose names must outlive a power cut together with the first lines. */
function runStore(folder: string, mode: 'wx' | 'r+', fresh: readonly string[], disk: Disk): RunStore {
  const journal = below(folder, ['journal.jsonl'], 'journal')
  const within = (name: string) => below(folder, name.split('/'), 'file of the run')
  const fd = guarded(folder, () => disk.open(journal, mode))
  // Before anything is cut: what looks torn may be a line that somebody else is writing.
  if (takenByOthers(fd)) {
    disk.close(fd)
    throw new Problem(
      sentence(
        'record the run',
        journal,
        'written by one process',
        'another one has it',
        'Wait for that run, or stop it.',
      ),
    )
  }
  let length = mode === 'wx' ? 0 : cutTornLines(fd, disk)
  let unsynced = fresh
  const logs = lateLogs()
  return {
    path: folder,
    append(lines) {
      const bytes = Buffer.from(lines)
      guarded(folder, () => {
        try {
          writeAll(fd, bytes, length, disk)
        } catch (error) {
          disk.truncate(fd, length) // a full disk takes part of a line; the rest of the journal stays readable
          throw error
        }
      })
      length += bytes.length
    },
    async sync() {
      const folders = unsynced
      unsynced = []
      try {
        await Promise.all([disk.sync(fd), ...folders.map(disk.syncFolder)])
      } catch (error) {
        refuse(folder, error)
      }
    },
    write(name, content) {
      const path = within(name)
      guarded(folder, () => writeWhole(path, content, disk))
      return path
    },
    log: (name, text) => guarded(folder, () => logs.add(join(folder, name), text)),
    folder(name) {
      const path = within(name)
      guarded(folder, () => disk.makeFolder(path))
      return path
    },
    remove(name) {
      const path = within(name)
      guarded(folder, () => disk.remove(path))
    },
    close() {
      try {
        guarded(folder, logs.write)
      } finally {
        disk.close(fd)
      }
    },
  }
}

/** The folders in which the names stand of `top`, of all below it on the way to `folder`, and of what is in that. */
function foldersBetween(top: string, folder: string): readonly string[] {
  const above = dirname(resolve(top))
  const folders = [resolve(folder)]
  for (let at = resolve(folder); at !== above; at = dirname(at)) folders.push(dirname(at))
  return folders
}

/** Writes a file that is there whole or not at all, whatever happens meanwhile. */
export function writeWhole(path: string, content: string | Uint8Array, disk: Disk = realDisk): void {
  const folder = dirname(path)
  const first = disk.makeFolder(folder)
  const temporary = `${path}.${process.pid}.tmp`
  try {
    disk.remove(temporary)
    const fd = disk.open(temporary, 'wx') // never through a link that lies in wait
    try {
      writeAll(fd, Buffer.from(content), 0, disk)
      disk.syncNow(fd)
    } finally {
      disk.close(fd)
    }
    disk.rename(temporary, path)
    for (const named of first === undefined ? [folder] : foldersBetween(first, folder)) disk.syncFolderNow(named)
  } catch (error) {
    disk.remove(temporary)
    throw error
  }
}

function writeAll(fd: number, bytes: Uint8Array, at: number, disk: Disk): void {
  for (let written = 0; written < bytes.length; ) written += disk.write(fd, bytes.subarray(written), at + written)
}

function cutTornLines(fd: number, disk: Disk): number {
  const whole = disk.read(fd)
  const length = wholeLength(whole.toString('latin1')) // a byte is a character
  if (length < whole.length) disk.truncate(fd, length)
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
  EFBIG: 'Allow larger files (ulimit -f); what was recorded is kept',
  EACCES: `Make it writable for this user on ${hostname()}`,
  EROFS: 'Mount it writable, or work in a checkout that is',
}

function refuse(place: string, error: unknown): never {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  throw new Problem(sentence('record the run', place, 'a folder that can be written', messageOf(error), remedies[code]))
}
