import { statOf } from '../shell/tag.ts'
import { ownProcesses } from '../shell/tree.ts'

/**
 * The CPU time, in seconds, of this process and of all that it has started, those included that have ended and were waited for. Linux
 * only. Of a daemon that has ended meanwhile nobody knows.
 */
export function ownCpu(): number {
  let ticks = 0
  for (const pid of ownProcesses()) {
    // utime, stime, and those of its children that it has waited for: 14th to 17th field.
    for (const field of statOf(pid).slice(11, 15)) ticks += Number(field)
  }
  return ticks / 100
}
