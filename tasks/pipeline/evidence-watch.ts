import {
  type FSWatcher,
  linkSync,
  lstatSync,
  readdirSync,
  realpathSync,
  rmSync,
  type Stats,
  statSync,
  watch,
} from 'node:fs'
import { join, sep } from 'node:path'
import type { SeenFile } from './evidence.ts'
import { limiter } from './stage/bounded.ts'

export interface LocalWatch {
  /** Hashes what is left and says what was seen. */
  stop(): Promise<SeenFile[]>
}

/** What a file held: kept by a hard link of ours, so that deleting it takes nothing away from us. */
interface Content {
  readonly id: string
  readonly link: string | undefined
  readonly path: string
  known?: Promise<SeenFile['content']>
}

interface Seen {
  readonly path: string
  readonly firstSeenAt: number
  content: Content | undefined
}

/** Milliseconds. A look at a file takes about 3 µs, so that a scan of many takes a sixth of the time at most. */
const scanEvery = 50
const pausePerFile = 0.02

/**
 * Watches `root/input` and `root/output`: the kernel's events, and a scan every 50 ms (for many files at longer intervals) for what they leave out. `keep`, a folder on the same file system outside of `root`, holds the links; those of deleted files are hashed and dropped as it goes.
 */
export function watchHere(root: string, keep: string, changed: () => void): LocalWatch {
  const seen: Seen[] = []
  const latest = new Map<string, Seen>()
  const contents = new Map<string, Content>()
  let links = 0
  const hashing = limiter(2)
  const real = `${realpathSync(root)}${sep}`

  const notice = (path: string) => {
    if (!isWatched(path)) return
    const stats = statsOf(real, path)
    if (stats === 'gone') {
      if (!latest.has(path)) remember(path, undefined)
    } else if (stats === 'elsewhere') return
    else if (stats.isDirectory()) scan(path)
    else if (stats.isFile()) {
      // Inode numbers are used again soon after a file is gone; with the time of its birth they are not.
      const id = `${stats.dev}:${stats.ino}:${stats.birthtimeMs}`
      if (latest.get(path)?.content?.id === id) return
      remember(path, contents.get(id) ?? linked(id, path))
    }
  }
  const remember = (path: string, content: Content | undefined) => {
    changed()
    const one = { path, firstSeenAt: Date.now(), content }
    latest.set(path, one)
    seen.push(one)
  }
  const linked = (id: string, path: string): Content => {
    const full = join(root, path)
    let content: Content
    try {
      const link = join(keep, String(links++))
      linkSync(realpathSync(full), link)
      content = { id, link, path: full }
    } catch {
      // Deleted just now, or a file system or an owner that allows no links: what is still there at the end is read then.
      content = { id, link: undefined, path: full }
    }
    contents.set(id, content)
    return content
  }
  let scanned = 0
  const scan = (folder: string) => {
    for (const entry of entriesOf(join(root, folder))) {
      const path = `${folder}/${entry.name}`
      scanned += 1
      if (entry.isDirectory()) scan(path)
      else notice(path)
    }
  }
  const settle = () => {
    for (const content of contents.values()) {
      // Ours is the last name: nobody writes to it any more, and its blocks should be free again.
      if (content.link !== undefined && content.known === undefined && statOf(content.link)?.nlink === 1) {
        contents.delete(content.id)
        content.known = hashing(() => contentOf(content))
        // Whoever asks for it at the end gets the error.
        content.known.catch(() => {})
      }
    }
  }

  let watcher: FSWatcher | undefined
  try {
    watcher = watch(root, { recursive: true }, (_event, name) => {
      if (name !== null) notice(String(name).replaceAll(sep, '/'))
    })
    // Without events (too many watches on this machine) the scan sees what lives for 50 ms.
    watcher.on('error', () => watcher?.close())
  } catch {
    watcher = undefined
  }
  let ticks = 0
  const tick = () => {
    scanned = 0
    scan('input')
    scan('output')
    if (++ticks % 20 === 0) settle()
    timer = setTimeout(tick, Math.max(scanEvery, scanned * pausePerFile))
  }
  let timer = setTimeout(tick, 0)

  return {
    stop: async () => {
      clearTimeout(timer)
      watcher?.close()
      scan('input')
      scan('output')
      const files: SeenFile[] = []
      for (const { path, firstSeenAt, content } of seen) {
        if (content) content.known ??= hashing(() => contentOf(content))
        const known = await content?.known
        files.push({ path, firstSeenAt, ...(known && { content: known }) })
      }
      return files
    },
  }
}

async function contentOf({ link, path }: Content): Promise<SeenFile['content']> {
  const at = link ?? path
  const stats = statOf(at)
  if (stats === undefined) return undefined
  const hasher = new Bun.CryptoHasher('sha256')
  let bytes = 0
  try {
    for await (const chunk of Bun.file(at).stream()) {
      hasher.update(chunk)
      bytes += chunk.length
    }
  } catch (error) {
    if (link === undefined) return undefined
    throw error
  } finally {
    if (link !== undefined) rmSync(link, { force: true })
  }
  // Linking and renaming leave both times alone; a program can set the first back, never the second.
  return { bytes, sha256: hasher.digest('hex'), finalAt: Math.max(stats.mtimeMs, stats.birthtimeMs) }
}

function isWatched(path: string): boolean {
  return path.startsWith('input/') || path.startsWith('output/')
}

/** `root` is a real path. What a link leads to elsewhere was not staged here, and is none of ours to read. */
function statsOf(root: string, path: string): Stats | 'gone' | 'elsewhere' {
  try {
    const full = join(root, path)
    const stats = lstatSync(full)
    if (!stats.isSymbolicLink()) return stats
    const target = realpathSync(full)
    const there = statSync(target)
    // The files of a folder are seen where they are, and a link upwards would never end.
    return there.isDirectory() || !target.startsWith(root) ? 'elsewhere' : there
  } catch {
    return 'gone'
  }
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false })
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}
