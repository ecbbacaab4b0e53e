import { mkdir, readdir, rename, rm, statfs, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { below, cannot, Failure, messageOf } from '../../../lib/index.ts'
import { sha256 } from './digest.ts'

/** A stage's share of the folder on fast local disk (`NVME_ROOT`). */
export interface LocalDisk {
  /** Writes a file whole or not at all: under a temporary name in `work`, then renamed into `folder`. Returns its absolute path. */
  write(folder: 'input' | 'output', key: string, bytes: Uint8Array): Promise<string>
  /**
   * The file is needed no longer. It stays as evidence of what was staged until the next pass that has something to do, or until those
   * kept since take too much; then the oldest go.
   */
  release(path: string, bytes: number): Promise<void>
  /** Throws a Failure when less is free than the stage was promised. */
  checkCapacity(): Promise<void>
  /** Removes every file of this stage, those that an earlier run was killed over too. */
  clear(): Promise<void>
}

/** What two cores work through in a second. More would only be memory: new pages of the disk's cache cost more than writing to old ones. */
const evidenceBytes = 64e6

/** `owner` tells the files of one stage and data set from those of others that share the folder; letters, digits and dashes. */
export async function openLocalDisk(root: string, minGb: number, owner: string): Promise<LocalDisk> {
  const at = resolve(root)
  const folders = ['input', 'work', 'output', 'cache'].map((name) => below(at, [name], 'NVME_ROOT'))
  const mine = `${owner}-`
  const kept: { path: string; bytes: number }[] = []
  let keptBytes = 0
  let temporary = 0

  const checkCapacity = async () => {
    const { bavail, bsize } = await statfs(at)
    const free = bavail * bsize
    if (free >= minGb * 1e9) return
    const next = `Free some, point NVME_ROOT at a larger disk, or lower NVME_MIN_GB.`
    throw new Failure(
      cannot(
        'start the stage',
        'NVME_MIN_GB',
        `at most what is free under ${at}, ${gigabytes(free)} GB`,
        `${minGb} GB`,
        next,
      ).message,
    )
  }

  try {
    for (const folder of folders) await mkdir(folder, { recursive: true })
  } catch (error) {
    throw cannot('start the stage', 'NVME_ROOT', 'a folder that can be written', `${at} (${messageOf(error)})`)
  }
  await checkCapacity()

  return {
    checkCapacity,
    async write(folder, key, bytes) {
      const name = `${mine}${localName(key)}`
      const path = join(at, folder, name)
      temporary += 1
      const unfinished = join(at, 'work', `${mine}${process.pid}-${temporary}.part`)
      // Anew, and so never through a link that lies in wait.
      try {
        await writeFile(unfinished, bytes, { flag: 'wx' })
        await rename(unfinished, path)
      } catch (error) {
        // What a full disk took of it is in the way of all others.
        await rm(unfinished, { force: true })
        throw error
      }
      return path
    },
    async release(path, bytes) {
      kept.push({ path, bytes })
      keptBytes += bytes
      while (keptBytes > Math.min(evidenceBytes, (minGb * 1e9) / 2)) {
        const oldest = kept.shift()
        if (oldest === undefined) break
        keptBytes -= oldest.bytes
        await rm(oldest.path, { force: true })
      }
    },
    async clear() {
      kept.length = 0
      keptBytes = 0
      for (const folder of folders) {
        const names = await readdir(folder)
        await Promise.all(
          names.filter((name) => name.startsWith(mine)).map((name) => rm(join(folder, name), { force: true })),
        )
      }
    },
  }
}

/**
 * A file name for an object's key: readable, different for different keys, and harmless where a key holds `..`, control letters or
 * more than a file system takes.
 */
export function localName(key: string): string {
  const readable = [...basename(key).replace(/[^\p{L}\p{M}\p{N}._ -]/gu, '_')].slice(-40).join('')
  return `${sha256(key).slice(0, 12)}-${readable}`
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1)
}
