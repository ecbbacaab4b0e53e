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
  readonly since: Moment
}

/** Why no process can be marked here. */
export interface Unmarked {
  readonly reason: string
}

const rttime = 15 // RLIMIT_RTTIME, in microseconds
const length = 19
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
  const since = now()
  libc().setSoftLimit(rttime, BigInt(own))
  if (tagOf(process.pid) === own)
    return { own, prefix: outer === undefined ? own.slice(0, prefixDigits) : own, before: soft, since }
  libc().setSoftLimit(rttime, soft)
  return { reason: '/proc does not show the limits of a process' }
}

/** Takes the mark off this process; what it started before keeps it. */
export function unmark({ before }: Tag): void {
  libc().setSoftLimit(rttime, before)
}

/** The tag that a running process carries; undefined where it carries none, or has ended. */
export function tagOf(pid: number): string | undefined {
  try {
    const limits = readFileSync(`/proc/${pid}/limits`, 'latin1')
    const at = limits.indexOf(row) + row.length
    const tag = limits.slice(at, at + length)
    return form.test(tag) && !/^[ZX]/.test(statOf(pid)[0] ?? 'X') ? tag : undefined
  } catch {
    return undefined
  }
}

/** A moment, so that who was started since can be told from who was there. */
export interface Moment {
  readonly at: number
  /** The newest process of all. */
  readonly pid: number
}

export function now(): Moment {
  return { at: performance.now(), pid: Number(readFileSync('/proc/loadavg', 'latin1').trim().split(' ').at(-1)) }
}

/** Every process whose tag begins with one of these, but for this one, with what it begins with; of those alone that were started `since` then. */
export function carriers(prefixes: readonly string[], since?: Moment): ReadonlyMap<number, string> {
  const found = new Map<number, string>()
  // Numbers are given out upwards, and within a second not all of them: most of a machine's processes need no look after a short run.
  const oldest = since !== undefined && performance.now() - since.at < 1000 && now().pid >= since.pid ? since.pid : 0
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    if (!(pid > oldest) || pid === process.pid) continue
    const tag = tagOf(pid)
    const prefix = tag && prefixes.find((prefix) => tag.startsWith(prefix))
    if (prefix !== undefined) found.set(pid, prefix)
  }
  return found
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
