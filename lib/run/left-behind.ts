import { bootId } from '../record/holder.ts'
import { readJournal } from '../record/journal.ts'
import type { Store } from '../record/store.ts'
import { sweepTags } from '../shell/tree.ts'

/** So many of a plan's newest runs are looked at. */
const newest = 10

/**
 * Ends what earlier runs of the plan left running when their runner and both its sentinels were killed at once; returns a
 * sentence for each run that had left something.
 */
export async function endLeftBehind(store: Store, plan: string): Promise<readonly string[]> {
  const boot = bootId()
  const unended = store
    .runs(plan)
    .slice(-newest)
    .filter((run) => !hasEnded(store, plan, run))
  const trees = unended.flatMap((run) => treesOf(store, plan, run, boot))
  const ended = await sweepTags(trees)
  return unended.flatMap((run) => {
    const tags = trees.flatMap((tree) => (tree.run === run ? [tree.tag] : []))
    const count = ended.filter((tag) => tags.includes(tag)).length
    return count === 0 ? [] : [`ended ${processes(count)} that run ${run} left when it was killed`]
  })
}

function hasEnded(store: Store, plan: string, run: string): boolean {
  return store.lastLine(plan, run)?.startsWith('{"event":"run-ended"') !== false
}

/** `1 process`, `3 processes`. */
export function processes(count: number): string {
  return count === 1 ? '1 process' : `${count} processes`
}

function treesOf(store: Store, plan: string, run: string, boot: string) {
  try {
    const events = readJournal(store.read(plan, run) ?? '', store.pathOf(plan, run))
    return events.flatMap((event) => {
      const tree = event.event === 'run-started' || event.event === 'run-resumed' ? event.tree : undefined
      return tree?.tag !== undefined && tree.boot === boot ? [{ run, tag: tree.tag, runner: tree.pid }] : []
    })
  } catch {
    return [] // a journal that can't be read is told to whoever asks for that run
  }
}
