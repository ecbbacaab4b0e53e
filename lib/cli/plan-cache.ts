import { readFileSync, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import type { PlanHeader, PlanKind } from '../plan/plan.ts'
import type { Places } from './places.ts'

// Built-ins only: most listings need nothing but this file's answer.

/** What the list says of a plan and selects it by. */
export interface ListedHeader extends Pick<PlanHeader, 'title' | 'schedule'> {
  readonly kind: PlanKind
  readonly tags: readonly string[]
}

/** A plan that is there, or the sentence that says why it can't be loaded. */
export type ListedPlan =
  | ({ readonly name: string; readonly problem?: undefined } & ListedHeader)
  | { readonly name: string; readonly problem: string }

/** `.assay/plans.json`: what every plan said when the files it is made of were as they are listed here. */
export interface PlanCache {
  readonly version: 1
  /** Path (in the repository, or absolute), modification time in milliseconds, size. */
  readonly files: readonly (readonly [path: string, modified: number, size: number])[]
  /** Each plan with the indexes of the files it is made of. */
  readonly plans: Readonly<Record<string, { readonly header: ListedHeader; readonly files: readonly number[] }>>
}

const none: PlanCache = { version: 1, files: [], plans: {} }

/** The cache as it was left; empty when there is none or another version's. */
export function readCache(places: Places): PlanCache {
  try {
    const cache: PlanCache = JSON.parse(readFileSync(cacheFile(places), 'utf8'))
    return cache.version === none.version ? cache : none
  } catch {
    return none // not there yet, or not ours: it is made again
  }
}

export function cacheFile({ cache }: Places): string {
  return join(cache, 'plans.json')
}

/** For each file of the cache, whether it is as it was. */
export function freshFiles({ root }: Places, { files }: PlanCache): readonly boolean[] {
  return files.map(([path, modified, size]) => {
    const now = statSync(isAbsolute(path) ? path : `${root}/${path}`, { throwIfNoEntry: false })
    return now?.mtimeMs === modified && now.size === size
  })
}
