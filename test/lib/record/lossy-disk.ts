import { dirname } from 'node:path'
import { type Disk, disk as realDisk } from '../../../lib/record/disk.ts'

/** What a program did to the disk, in order. A file is known by a number, whatever its names. */
type Act =
  | { readonly kind: 'named'; readonly path: string; readonly file: number | 'folder' }
  | { readonly kind: 'renamed'; readonly from: string; readonly to: string }
  | { readonly kind: 'removed'; readonly path: string }
  | { readonly kind: 'written'; readonly file: number; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'cut'; readonly file: number; readonly length: number }
  /** What was done to the file, or to the names in the folder, before the act `upTo` outlives a power cut. */
  | { readonly kind: 'synced'; readonly what: number | string; readonly upTo: number }

/** The files of a disk after it came back, by path. */
export type Found = ReadonlyMap<string, Buffer>

/** How much of what was not synced had reached the disk when the power went. */
export type Luck = 'nothing' | 'everything' | 'names only' | 'last write, others as NUL'

/** A disk that writes down all that is done to it, and tells what would be left of it at any moment. */
export function recordingDisk() {
  const acts: Act[] = []
  const files = new Map<string, number>()
  const open = new Map<number, number>()
  const fileOf = (fd: number) => open.get(fd) ?? -1
  const synced = (what: number | string, upTo: number) => void acts.push({ kind: 'synced', what, upTo })

  const disk: Disk = {
    makeFolder(path) {
      const first = realDisk.makeFolder(path)
      const made: string[] = []
      if (first !== undefined) for (let at = path; at !== dirname(first); at = dirname(at)) made.unshift(at)
      for (const folder of made) acts.push({ kind: 'named', path: folder, file: 'folder' })
      return first
    },
    open(path, mode) {
      const fd = realDisk.open(path, mode)
      const file = mode === 'wx' ? acts.length : (files.get(path) ?? -1)
      if (mode === 'wx') acts.push({ kind: 'named', path, file })
      files.set(path, file)
      open.set(fd, file)
      return fd
    },
    read: realDisk.read,
    write(fd, bytes, at) {
      const taken = realDisk.write(fd, bytes, at)
      acts.push({ kind: 'written', file: fileOf(fd), at, bytes: Buffer.from(bytes.subarray(0, taken)) })
      return taken
    },
    truncate(fd, length) {
      realDisk.truncate(fd, length)
      acts.push({ kind: 'cut', file: fileOf(fd), length })
    },
    async sync(fd) {
      const upTo = acts.length
      await realDisk.sync(fd)
      synced(fileOf(fd), upTo)
    },
    syncNow: (fd) => synced(fileOf(fd), acts.length),
    async syncFolder(path) {
      const upTo = acts.length
      await realDisk.syncFolder(path)
      synced(path, upTo)
    },
    syncFolderNow: (path) => synced(path, acts.length),
    rename(from, to) {
      realDisk.rename(from, to)
      files.set(to, files.get(from) ?? -1)
      acts.push({ kind: 'renamed', from, to })
    },
    remove(path) {
      realDisk.remove(path)
      acts.push({ kind: 'removed', path })
    },
    close: realDisk.close,
  }
  return { disk, acts: acts as readonly Act[] }
}

/** What is there when the process dies after `moment` acts, the next one (a write) done up to its byte `torn`. */
export function afterKill(acts: readonly Act[], moment: number, torn = 0): Found {
  const done = acts.slice(0, moment)
  const next = acts[moment]
  if (next?.kind === 'written') done.push({ ...next, bytes: next.bytes.subarray(0, torn) })
  return contents(done, done, done)
}

/** What is there when the power goes after `moment` acts, `torn` bytes of the last one on the disk. */
export function afterPowerCut(
  acts: readonly Act[],
  moment: number,
  luck: Luck,
  torn = Number.POSITIVE_INFINITY,
): Found {
  const done = acts.slice(0, moment)
  const safe = new Map<number | string, number>()
  for (const act of done) if (act.kind === 'synced') safe.set(act.what, Math.max(safe.get(act.what) ?? 0, act.upTo))
  const isSafe = (what: number | string, index: number) => index < (safe.get(what) ?? 0)
  const names = done.filter(
    (act, index) =>
      luck === 'everything' ||
      luck === 'names only' ||
      ((act.kind === 'named' || act.kind === 'removed' ? isSafe(dirname(act.path), index) : true) &&
        (act.kind === 'renamed' ? isSafe(dirname(act.to), index) : true)),
  )
  const data = done.flatMap((act, index): Act[] => {
    if ((act.kind !== 'written' && act.kind !== 'cut') || isSafe(act.file, index)) return [act]
    if (luck === 'nothing' || luck === 'names only') return []
    const last = index === done.findLastIndex(({ kind }) => kind === 'written')
    if (act.kind === 'cut') return [act]
    if (last) return [{ ...act, bytes: act.bytes.subarray(0, Math.min(torn, act.bytes.length)) }]
    return [luck === 'everything' ? act : { ...act, bytes: Buffer.alloc(act.bytes.length) }]
  })
  return contents(names, data, done)
}

function contents(names: readonly Act[], data: readonly Act[], all: readonly Act[]): Found {
  const folders = new Set<string>()
  const named = new Map<string, number>()
  for (const act of names)
    if (act.kind === 'named') act.file === 'folder' ? folders.add(act.path) : named.set(act.path, act.file)
    else if (act.kind === 'removed') named.delete(act.path)
    else if (act.kind === 'renamed') {
      const file = named.get(act.from)
      named.delete(act.from)
      if (file !== undefined) named.set(act.to, file)
    }
  const bytes = new Map<number, Buffer>()
  for (const act of data)
    if (act.kind === 'cut') bytes.set(act.file, (bytes.get(act.file) ?? Buffer.alloc(0)).subarray(0, act.length))
    else if (act.kind === 'written') {
      const before = bytes.get(act.file) ?? Buffer.alloc(0)
      const after = Buffer.alloc(Math.max(before.length, act.at + act.bytes.length))
      before.copy(after)
      act.bytes.copy(after, act.at)
      bytes.set(act.file, after)
    }
  const lost = all.flatMap((act) =>
    act.kind === 'named' && act.file === 'folder' && !folders.has(act.path) ? [act.path] : [],
  )
  const reachable = [...named].filter(([path]) => !lost.some((folder) => path.startsWith(`${folder}/`)))
  return new Map(reachable.map(([path, file]) => [path, bytes.get(file) ?? Buffer.alloc(0)]))
}
