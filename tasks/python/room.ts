import { existsSync, statfsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { cannot } from '../../lib/index.ts'
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
