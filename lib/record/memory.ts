import { wholeLength } from './journal.ts'
import type { LockHolder, RunStore, Store } from './store.ts'

/** Runs in memory, for tests of what is above the store. */
export function memoryStore(): Store {
  const journals = new Map<string, string>()
  const locks = new Map<string, LockHolder>()
  const pathOf = (plan: string, run: string) => `${plan}/${run}`
  const runsOf = (plan: string) =>
    [...journals.keys()].flatMap((path) => (path.startsWith(`${plan}/`) ? [path.slice(plan.length + 1)] : [])).sort()

  function runStore(path: string): RunStore {
    return {
      path,
      append: (lines) => void journals.set(path, (journals.get(path) ?? '') + lines),
      sync: async () => {},
      write: (name) => `${path}/${name}`,
      log: () => {},
      folder: (name) => `${path}/${name}`,
      remove: () => {},
      close: () => {},
    }
  }

  return {
    create(plan, run) {
      journals.set(pathOf(plan, run), '')
      return runStore(pathOf(plan, run))
    },
    open(plan, run) {
      const path = pathOf(plan, run)
      const text = journals.get(path) ?? ''
      journals.set(path, text.slice(0, wholeLength(text)))
      return runStore(path)
    },
    read: (plan, run) => journals.get(pathOf(plan, run)),
    lastLine: (plan, run) => journals.get(pathOf(plan, run))?.split('\n').at(-2),
    plans: () => [...new Set([...journals.keys()].map((path) => path.split('/')[0] ?? ''))].sort(),
    runs: runsOf,
    pathOf,
    isGone: () => false, // there are no files
    goesOn: () => false,
    lock(plan, holder) {
      const other = locks.get(plan)
      if (other !== undefined) return { kind: 'busy', holder: other }
      locks.set(plan, holder)
      return { kind: 'held', release: () => void locks.delete(plan) }
    },
  }
}
