import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { standingOf } from '../record/holder.ts'
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
