import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { standingOf } from '../record/holder.ts'
import { isTaken } from '../record/lock.ts'
import type { LockHolder } from '../record/store.ts'

/** Who holds a plan's lock, as the file in its folder says, if that process may still run. Takes no lock itself. */
export function runningRun(folder: string): LockHolder | undefined {
  try {
    const holder: LockHolder = JSON.parse(readFileSync(join(folder, '.lock'), 'utf8'))
    return standingOf(holder) === 'gone' ? undefined : holder
  } catch {
    return undefined // free, or one that is being written
  }
}

/** Whether a process goes on with this run of the plan whose runs are in `folder`: also one beside others, without the lock. */
export function goesOn(folder: string, run: string): boolean {
  return runningRun(folder)?.run === run || isTaken(join(folder, run, 'journal.jsonl'))
}
