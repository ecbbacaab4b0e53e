/** Runs `work` once fewer than the limit are under way, in the order asked. */
export type Limiter = <T>(work: () => Promise<T>) => Promise<T>

/** At most `limit` pieces of work at once. */
export function limiter(limit: number): Limiter {
  const within = budget(limit)
  return (work) => within(1, work)
}

/** Runs `work` once it fits beside what is under way, in the order asked. */
export type Budget = <T>(weight: number, work: () => Promise<T>) => Promise<T>

/** Work of at most this weight at once; what weighs more goes alone. */
export function budget(limit: number): Budget {
  let taken = 0
  // What comes free is handed to the first in line, never offered to all, so nobody can overtake.
  const waiting: { readonly weight: number; go(): void }[] = []
  const admit = () => {
    for (let [next] = waiting; next && (taken === 0 || taken + next.weight <= limit); [next] = waiting) {
      waiting.shift()
      taken += next.weight
      next.go()
    }
  }
  return async (weight, work) => {
    await new Promise<void>((go) => {
      waiting.push({ weight, go })
      admit()
    })
    try {
      return await work()
    } finally {
      taken -= weight
      admit()
    }
  }
}

/**
 * Does `work` for each item with at most `limit` under way; an item is not touched before its turn. After the first rejection no
 * further item is begun, those under way are waited for, and it is thrown.
 */
export async function forEachBounded<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]()
  const errors: unknown[] = []
  const worker = async () => {
    for (let next = iterator.next(); !next.done && errors.length === 0; next = iterator.next()) {
      try {
        await work(next.value)
      } catch (error) {
        errors.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: limit }, worker))
  if (errors.length > 0) throw errors[0]
}
