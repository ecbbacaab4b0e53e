import { bootId } from '../record/holder.ts'
import { readJournal } from '../record/journal.ts'
import type { Store } from '../record/store.ts'
import { sweepTag } from '../shell/tree.ts'

/** So many of a plan's newest runs are looked at. */
const newest = 10

/**
 * Ends what earlier runs of the plan left running when their runner and both its sentinels were killed at once; returns a
 * sentence for each run that had left something.
 */
export async function endLeftBehind(store: Store, plan: string): Promise<readonly string[]> {
  const boot = bootId()
  const sentences: string[] = []
  for (const run of store.runs(plan).slice(-newest)) {
    if (store.lastLine(plan, run)?.startsWith('{"event":"run-ended"') !== false) continue
    let ended = 0
    for (const { tag, pid } of treesOf(store, plan, run, boot)) ended += await sweepTag(tag, pid)
    if (ended > 0) sentences.push(`ended ${processes(ended)} that run ${run} left when it was killed`)
  }
  return sentences
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
      return tree?.tag !== undefined && tree.boot === boot ? [{ tag: tree.tag, pid: tree.pid }] : []
    })
  } catch {
    return [] // a journal that can't be read is told to whoever asks for that run
  }
}
