import { existsSync, mkdirSync, statfsSync } from 'node:fs'
import { readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { cannot, messageOf } from '../../lib/index.ts'
import { type Recipe, type Size, uvRecipe } from './recipes.ts'
import type { TorchSource } from './torch.ts'

/** Where environments are made. */
export interface Workshop {
  readonly folder: string
  /** Bytes that are free on the disk of a folder. */
  free(folder: string): number
  /** How uv is made where there is none. */
  readonly uv: Recipe
}

/** `.assay/python` of the repository around the current folder, as the command line finds it. */
export function workshopHere(): Workshop {
  return { folder: join(around(process.cwd()), '.assay/python'), free: freeBytes, uv: uvRecipe }
}

function around(start: string): string {
  for (let at = start; ; at = dirname(at)) {
    if (existsSync(join(at, 'plans')) || existsSync(join(at, 'package.json'))) return at
    if (at === dirname(at)) return resolve(start)
  }
}

function freeBytes(folder: string): number {
  let at = folder
  while (!existsSync(at)) at = dirname(at)
  const { bavail, bsize } = statfsSync(at)
  return bavail * bsize
}

export function sizeOf({ size, torch }: Recipe, source: TorchSource | undefined): Size {
  if (torch === undefined || source === undefined) return size
  const { download, disk } = source.kind === 'default' ? torch.full : torch.cpu
  return { download: size.download + download, disk: size.disk + disk }
}

export function refuseFull(action: string, { folder, free }: Workshop, wanted: number): void {
  const there = free(folder)
  if (there < wanted)
    throw cannot(action, 'disk', `one with ${shown(wanted)} free`, `${shown(there)} at ${folder}`, 'Free some of it.')
}

/** `3.1 GB`, `20 MB` */
export function shown(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

export function makeFolder(action: string, { folder }: Workshop): void {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw cannot(action, 'folder', 'one that can be made', `${folder} (${messageOf(error)})`)
  }
}

/** Takes away what stands there: out of the way at once, so that nobody who still writes there writes into the next. */
export async function clear(folder: string): Promise<void> {
  const [parent, gone] = [dirname(folder), `${basename(folder)}.gone-`]
  if (existsSync(folder)) await rename(folder, join(parent, `${gone}${crypto.randomUUID()}`))
  for (const name of await readdir(parent))
    if (name.startsWith(gone)) await rm(join(parent, name), { recursive: true, force: true })
}

export function shownPath(folder: string): string {
  const near = relative(process.cwd(), folder)
  return near.startsWith('..') ? folder : near
}
