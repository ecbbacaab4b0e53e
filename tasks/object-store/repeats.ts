import type { ServiceContext } from '../../lib/index.ts'
import { briefly } from './trouble.ts'

/** Counts what retries hid, and tells it. */
export interface Repeats {
  /** For a client of ours: one request more was repeated. */
  heard(action: string, error: unknown): void
  /** So many were repeated by a stage. */
  add(requests: number): void
  tell(): void
  total(): number
}

/** Each repeated request of ours is a line of the log; their number is announced. */
export function repeatsOf({ log, announce }: Pick<ServiceContext, 'log' | 'announce'>): Repeats {
  let ours = 0
  let theirs = 0
  return {
    heard(action, error) {
      ours++
      log(`${action}: again, after ${briefly(error)}`)
    },
    add(requests) {
      theirs += requests
    },
    total: () => ours + theirs,
    tell() {
      const total = ours + theirs
      if (total === 0) return
      const were = total === 1 ? '1 request to the object store was' : `${total} requests to the object store were`
      announce(`${were} repeated: ${ours} by the plan, ${theirs} by its stages`)
    },
  }
}
