import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { LockHolder } from '../record/store.ts'

/** Who holds a plan's lock, as the file in its folder says, if that process may still run. Takes no lock itself. */
export function runningRun(folder: string): LockHolder | undefined {
  try {
    const holder: LockHolder = JSON.parse(readFileSync(join(folder, '.lock'), 'utf8'))
    return holder.host !== hostname() || runs(holder.pid) ? holder : undefined
  } catch {
    return undefined // no lock, or one that is being written
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM' // somebody else's
  }
}
