import { type Places, planNames } from './places.ts'
import { freshFiles, type ListedHeader, type ListedPlan, readCache } from './plan-cache.ts'

/**
 * Every plan in the order of the list. What the cache knows and no file contradicts is taken from there; the others are
 * imported, after `beforeImport`, and the cache is written anew.
 */
export async function listPlans(places: Places, beforeImport: () => Promise<void>): Promise<readonly ListedPlan[]> {
  const names = planNames(places)
  const cache = readCache(places)
  const fresh = freshFiles(places, cache)
  const known = new Map<string, ListedHeader>()
  for (const name of names) {
    const entry = cache.plans[name]
    if (entry?.files.every((index) => fresh[index])) known.set(name, entry.header)
  }
  if (known.size === names.length) return names.flatMap((name) => listed(name, known.get(name)))
  await beforeImport()
  const { refresh } = await import('./plan-cache-refresh.ts')
  return refresh(places, names, known, cache)
}

function listed(name: string, header: ListedHeader | undefined): ListedPlan[] {
  return header === undefined ? [] : [{ name, ...header }]
}
