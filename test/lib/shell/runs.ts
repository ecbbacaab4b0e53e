import { existsSync, readFileSync } from 'node:fs'

/** Whether the process runs; one that has ended and only waits to be reaped does not. */
export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !existsSync('/proc/self/status') || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
