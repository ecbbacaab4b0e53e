import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { LockHolder } from './store.ts'

// Built-ins only: the list of plans asks whether a run goes on.

/** What tells this process from any other, also from a later one that is given its number. */
export function thisProcess(): Required<Pick<LockHolder, 'host' | 'boot' | 'pid' | 'started'>> {
  return { host: hostname(), boot: bootId(), pid: process.pid, started: startOf(process.pid) ?? '' }
}

/**
 * What this machine knows of a holder: its process runs here, it is gone, or it is on a machine whose processes cannot be
 * seen from here. An older Assay wrote down too little to tell one process from another; its holders count as gone.
 */
export function standingOf({
  host,
  boot,
  pid,
  started,
}: Pick<LockHolder, 'host' | 'boot' | 'pid' | 'started'>): 'alive' | 'gone' | 'elsewhere' {
  if (boot === undefined || started === undefined) return 'gone'
  if (host !== hostname()) return 'elsewhere'
  return boot === bootId() && startOf(pid) === started ? 'alive' : 'gone'
}

/** What a machine calls the time from one start of its kernel to the next; empty where it has no name. */
export function bootId(): string {
  try {
    return process.platform === 'darwin'
      ? said('sysctl', '-n', 'kern.bootsessionuuid')
      : readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return '' // a machine that hides it: its starts are not told apart
  }
}

/** When a process began, in the system's own words; undefined when there is none of that number. */
export function startOf(pid: number): string | undefined {
  try {
    if (process.platform === 'darwin') return said('ps', '-o', 'lstart=', '-p', String(pid)) || undefined
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // After the name, which may itself hold spaces and brackets: state, parent, … and as the twentieth the start in ticks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

function said(...words: string[]): string {
  return Bun.spawnSync(words, { env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } })
    .stdout.toString()
    .trim()
}
