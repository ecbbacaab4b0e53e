import { statSync } from 'node:fs'
import { isAbsolute, join, relative } from 'node:path'
import { messageOf, Problem } from '../plan/problem.ts'
import { writeWhole } from '../record/files.ts'
import { importsOf } from './imports.ts'
import { loadPlan, planFile } from './load.ts'
import type { Places } from './places.ts'
import { cacheFile, type ListedHeader, type ListedPlan, type PlanCache } from './plan-cache.ts'
import { withoutSecrets } from './print.ts'

/** Imports the plans that are not `known` and writes the cache; one that can't be loaded is listed with its sentence. */
export async function refresh(
  places: Places,
  names: readonly string[],
  known: ReadonlyMap<string, ListedHeader>,
  before: PlanCache,
): Promise<readonly ListedPlan[]> {
  const plans: ListedPlan[] = []
  const entries = new Map<string, { readonly header: ListedHeader; readonly files: readonly string[] }>()
  // What a plan's header is made of beside its own files: in another repository Assay is a package, which has a version.
  const assay = join(places.home, 'package.json')
  for (const name of names) {
    const cached = known.get(name)
    if (cached !== undefined) {
      const files = before.plans[name]?.files.flatMap((index) => before.files[index]?.[0] ?? []) ?? []
      entries.set(name, { header: cached, files })
      plans.push({ name, ...cached })
      continue
    }
    try {
      const { kind, title, tags = [], schedule } = await loadPlan(places, name)
      const header = { kind, title, tags, ...(schedule !== undefined && { schedule }) }
      const files = [assay, ...importsOf(planFile(places, name)).keys()]
      entries.set(name, { header, files: files.map((path) => within(places.root, path)) })
      plans.push({ name, ...header })
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      plans.push({ name, problem: withoutSecrets(messageOf(error)) })
    }
  }
  write(places, entries)
  return plans
}

function write(
  places: Places,
  entries: ReadonlyMap<string, { readonly header: ListedHeader; readonly files: readonly string[] }>,
): void {
  const indexes = new Map<string, number>()
  const files: (readonly [string, number, number])[] = []
  const indexOf = (path: string) => {
    const known = indexes.get(path)
    if (known !== undefined) return known
    const { mtimeMs, size } = statSync(isAbsolute(path) ? path : join(places.root, path))
    indexes.set(path, files.length)
    return files.push([path, mtimeMs, size]) - 1
  }
  try {
    const plans = Object.fromEntries(
      [...entries].map(([name, entry]) => [name, { header: entry.header, files: entry.files.map(indexOf) }]),
    )
    const cache: PlanCache = { version: 1, files, plans }
    writeWhole(cacheFile(places), JSON.stringify(cache))
  } catch {
    // A folder that cannot be written (somebody else's, a read-only disk) only costs the time to import them again.
  }
}

function within(root: string, path: string): string {
  const inside = relative(root, path)
  return inside.startsWith('..') ? path : inside
}
