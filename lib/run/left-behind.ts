import * as v from 'valibot'
import { runEvent } from '../record/event.ts'
import { bootId } from '../record/holder.ts'
import type { LockHolder, Store } from '../record/store.ts'
import { sweepTags } from '../shell/tree.ts'
import { servicesFolder } from './context.ts'

/** So many of the plan's newest runs are looked at, and of each other plan's: every start looks, so that few are new to it. */
const newest = { own: 10, other: 3 }

/**
 * Ends what earlier runs of any plan of the store left running when their runner and both its sentinels were killed at once; returns a
 * sentence for each run that had left something.
 */
export async function endLeftBehind(store: Store, plan: string): Promise<readonly string[]> {
  const boot = bootId()
  const trees = store.plans().flatMap((other) => {
    const runs = orNone(() => store.runs(other))
    return runs
      .slice(other === plan ? -newest.own : -newest.other)
      .flatMap((run) => orNone(() => treesOf(store, other, run, boot)))
  })
  const ended = await sweepTags(trees)
  const runs = new Set(trees.map((tree) => tree.run))
  return [...runs].flatMap((run) => {
    const tags = trees.flatMap((tree) => (tree.run === run ? [tree.tag] : []))
    const count = ended.filter((tag) => tags.includes(tag)).length
    return count === 0 ? [] : [`ended ${processes(count)} that run ${run} left when it was killed`]
  })
}

/** `1 process`, `3 processes`. */
export function processes(count: number): string {
  return count === 1 ? '1 process' : `${count} processes`
}

/** What cannot be read, perhaps of another plan, is told to whoever asks for that run, and stops no start. */
function orNone<T>(read: () => readonly T[]): readonly T[] {
  try {
    return read()
  } catch {
    return []
  }
}

function treesOf(store: Store, plan: string, run: string, boot: string) {
  if (store.lastLine(plan, run)?.startsWith('{"event":"run-ended"') !== false) return []
  const trees = (store.read(plan, run)?.match(sittings) ?? []).flatMap((line) => {
    const event = v.parse(runEvent, JSON.parse(line))
    const tree = event.event === 'run-started' || event.event === 'run-resumed' ? event.tree : undefined
    return tree?.tag !== undefined && tree.boot === boot
      ? [{ run: `${plan}/${run}`, tag: tree.tag, runner: tree.pid }]
      : []
  })
  return trees.length === 0 || store.goesOn(plan, run) ? [] : trees
}

/** The lines that begin a sitting: of a journal as long as a day nothing else has to be read. */
const sittings = /^\{"event":"run-(?:started|resumed)".*$/gm

/** Removes what the services of a run that was killed as it ended left; nothing while another run goes on. */
export function removeLeft(store: Store, plan: string, holder: LockHolder): void {
  const lock = store.lock(plan, holder)
  if (lock.kind === 'busy') return
  try {
    const files = store.open(plan, holder.run)
    files.remove(servicesFolder)
    files.close()
  } finally {
    lock.release()
  }
}
