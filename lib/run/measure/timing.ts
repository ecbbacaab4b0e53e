import type { MeasureContext } from '../../plan/context.ts'
import type { Clock } from '../clock.ts'

/** Milliseconds below which an operation is too short for the clock: reading it twice takes some 40 ns, which is 0.04 % of it. */
const tooShort = 0.1

/** What a span of many operations lasts, so that what disturbs a machine for a moment is a part of it and not all. */
const wholeSpan = 5

/** So many operations in no time say that the clock stands still, not that they are short. */
const mostOperations = 2 ** 20

export interface Timing {
  /** For one sample. Of each call of `time` in it the batch is known by how many came before. */
  sample(variant: string | undefined, round: number): MeasureContext<never>['time']
  /** How many operations each timed span holds, by variant, and by the number of the call where a sample times several. */
  batches(): Readonly<Record<string, number>>
}

/**
 * Times operations, those too short for the clock many at once. How many is found while warming up and in the first round, by doing it
 * more often until a span is long enough, and stays the same from then on.
 */
export function timingOf(clock: Clock): Timing {
  const batches = new Map<string, number>()
  let stands = false
  return {
    sample(variant, round) {
      let calls = 0
      return async (operation, { times } = {}) => {
        calls += 1
        // In brackets, which no variant has in its name.
        const name = `${variant ?? 'all'}${calls > 1 ? ` [${calls}]` : ''}`
        let count = times ?? batches.get(name) ?? 1
        let { took, value } = await span(operation, count, clock)
        const enough = () => (count === 1 ? tooShort : wholeSpan)
        while (times === undefined && round <= 1 && took < enough() && count < mostOperations && !stands) {
          // A little more than it seems to take: an operation becomes quicker as it is repeated.
          const more = Math.ceil(count * Math.min(10, Math.max(2, (1.2 * wholeSpan) / took)))
          count = Math.min(more, mostOperations)
          ;({ took, value } = await span(operation, count, clock))
          stands = took === 0 && count === mostOperations
          if (stands) count = 1
        }
        batches.set(name, count)
        return { seconds: took / count / 1000, value }
      }
    },
    batches: () => Object.fromEntries(batches),
  }
}

/** Awaits only what is a promise: to await each of many short operations would take longer than they do. */
async function span<T>(operation: () => T, count: number, clock: Clock) {
  const start = clock.monotonic()
  const first = operation()
  if (isThenable(first)) {
    let value = await first
    for (let done = 1; done < count; done++) value = await operation()
    return { took: clock.monotonic() - start, value }
  }
  let value = first
  for (let done = 1; done < count; done++) value = operation()
  const took = clock.monotonic() - start
  return { took, value: await value }
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
