import { readdirSync, readFileSync } from 'node:fs'
import { statOf } from '../shell/tag.ts'

/** A process as /proc shows it. */
export interface Proc {
  readonly pid: number
  readonly parent: number
  readonly group: number
  /** Clock ticks since boot: which of two was born first. */
  readonly born: number
  readonly args: readonly string[]
}

/** What is known of a process; undefined for one that has ended, reaped or not. */
export function procOf(pid: number): Proc | undefined {
  try {
    const [state = 'X', ...fields] = statOf(pid)
    if (state === 'Z' || state === 'X') return undefined
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)
    return { pid, parent: Number(fields[0]), group: Number(fields[1]), born: Number(fields[18]), args }
  } catch {
    return undefined // it ended between the listing and the look
  }
}

/** Every process there is. */
export function allPids(): readonly number[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []))
}

/** How many bytes it has written since it started, to files and pipes; 0 for one that has ended. */
export function bytesWritten(pid: number): number {
  try {
    return Number(/^wchar: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

/** The sockets that listen on loopback, as `port:inode`: the inode tells one listener from the next on the same port. */
export function listeners(): ReadonlySet<string> {
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => {
    try {
      return readFileSync(path, 'latin1').split('\n').slice(1)
    } catch {
      return [] // no IPv6 here
    }
  })
  const listening = rows.map((row) => row.trim().split(/\s+/)).filter(([, , , state]) => state === '0A')
  return new Set(listening.map(([, local = '', , , , , , , , inode]) => `${portOf(local)}:${inode}`))
}

function portOf(local: string): number {
  return Number.parseInt(local.split(':')[1] ?? '', 16)
}
