import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { LockHolder } from '../record/store.ts'

/** Who holds a plan's lock, as the file in its folder says, if that process still runs here. Takes no lock itself. */
export function runningRun(folder: string): LockHolder | undefined {
  try {
    const holder: LockHolder = JSON.parse(readFileSync(join(folder, '.lock'), 'utf8'))
    if (holder.host === hostname()) process.kill(holder.pid, 0)
    return holder
  } catch {
    return undefined // no lock, a free one, or a process that is gone
  }
}
