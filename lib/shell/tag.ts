import { readdirSync, readFileSync } from 'node:fs'
import { libc } from './libc.ts'

/**
 * The mark that all processes of a run carry: a limit on real-time CPU of some ten thousand years, in which the run's number is written. It limits nothing,
 * but the kernel hands limits on over fork and exec, so that no setsid, double fork, closed descriptor or empty environment loses it, and
 * shows them in `/proc/PID/limits` to everybody. Its digits: 1, ten of the outermost run, eight of a run inside of that one.
 */
export interface Tag {
  /** As this process carries it. */
  readonly own: string
  /** What the tag of every process of this run begins with: those of a run inside of it as well. */
  readonly prefix: string
  /** The limit that this process had before. */
  readonly before: bigint
}

/** Why no process can be marked here. */
export interface Unmarked {
  readonly reason: string
}

const rttime = 15 // RLIMIT_RTTIME, in microseconds
const form = /^1\d{18}$/
const prefixDigits = 11

/**
 * Marks this process and with it all that it starts from now on. Where a run around this one has marked it already, the
 * mark is refined; a third level is left with the mark of the second, whose sentinels look after it.
 */
export function mark(): Tag | Unmarked {
  if (process.platform !== 'linux') return { reason: 'only Linux has a limit that can carry the mark' }
  const { soft, hard } = libc().limit(rttime)
  const around = form.test(String(soft)) ? String(soft) : undefined
  const outer = around?.slice(0, prefixDigits)
  if (outer !== undefined && around !== `${outer}${'0'.repeat(8)}`)
    return { reason: 'the run around this one ends its processes' }
  const own = outer === undefined ? `1${digits(10)}${'0'.repeat(8)}` : `${outer}${digits(8)}`
  if (BigInt(own) > hard) return { reason: `the hard limit on real-time CPU is ${hard} µs` }
  libc().setSoftLimit(rttime, BigInt(own))
  if (carries(process.pid, own))
    return { own, prefix: outer === undefined ? own.slice(0, prefixDigits) : own, before: soft }
  libc().setSoftLimit(rttime, soft)
  return { reason: '/proc does not show the limits of a process' }
}

/** Takes the mark off this process; what it started before keeps it. */
export function unmark({ before }: Tag): void {
  libc().setSoftLimit(rttime, before)
}

/** Whether the process runs and its tag begins with this. */
export function carries(pid: number, prefix: string): boolean {
  try {
    const limits = readFileSync(`/proc/${pid}/limits`, 'latin1')
    return limits.includes(`${row}${prefix}`) && !/^[ZX]/.test(statOf(pid)[0] ?? 'X')
  } catch {
    return false // it has ended
  }
}

/** Every process whose tag begins with this, but for this one. */
export function carriers(prefix: string): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name)
    return Number.isInteger(pid) && pid !== process.pid && carries(pid, prefix) ? [pid] : []
  })
}

/** State, parent, group … of a process: what stands after its name, which may itself hold spaces and brackets; empty once it has ended. */
export function statOf(pid: number): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return [] // between the listing and the look
  }
}

/** The kernel's name of the row, in a column 26 wide. */
const row = 'Max realtime timeout'.padEnd(26)

function digits(count: number): string {
  const [low = 0, high = 0] = crypto.getRandomValues(new Uint32Array(2))
  // Never all zeros: that is how an outermost run shows.
  return String((((BigInt(high) << 32n) | BigInt(low)) % (10n ** BigInt(count) - 1n)) + 1n).padStart(count, '0')
}
