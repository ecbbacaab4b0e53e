import { readdirSync, readFileSync } from 'node:fs'
import type { ProcessUsage } from '../../lib/shell/process.ts'
import { statOf } from '../../lib/shell/tag.ts'

/** What a tree of processes took of the machine while it ran; undefined is what can't be known here. */
export interface TreeUsage {
  readonly cpuSeconds: number
  /** Bytes resident at their greatest, summed over the tree: what several processes share counts in each. */
  readonly memory: number | undefined
  /** Bytes written to a disk, by the kernel's count; undefined where it has none. */
  readonly written: number | undefined
}

export interface TreeWatch {
  /** Ends the watch; `ended` is what the kernel says once the first process of the tree was waited for. */
  stop(ended: ProcessUsage | undefined): TreeUsage
}

interface Member {
  readonly started: string
  readonly cpuSeconds: number
  readonly written: number
}

/** Milliseconds; a look takes about 0.5 ms of a core, which may be taken from what is looked at. */
const usual = 25
const ticksPerSecond = 100 // USER_HZ, the same on every Linux that Bun runs on

/**
 * Watches a process that leads a session, and its descendants, through `/proc`, every 25 ms unless told otherwise.
 *
 * Memory is the resident size (RSS) of all at the look where it was greatest, and no less than the peak that the kernel keeps of any one
 * process (`VmHWM`): what is missed is a peak of several together that is over between two looks, and what comes after the last.
 * (PSS, which would divide what they share, takes the kernel 7 ms for 400 MB: too much to ask so often.) CPU time and bytes written
 * are exact for the first process and all that were waited for, however short they lived (`wait4`); of others, such as daemons, what
 * came after the last look is missed, and all of one that left the session between two looks. What runs elsewhere on its behalf (a
 * container, a service) is not seen at all. Without `/proc` only what `wait4` says is known.
 */
export function watchTree(leader: number, lookEvery: number = usual): TreeWatch {
  const members = new Map<number, Member>()
  let memory = 0
  let newest: number | undefined
  const look = () => {
    let together = 0
    // To list all processes is half of what a look takes, and in vain where none has come since the last one.
    const last = newestProcess()
    const pids = last !== undefined && last === newest ? [...members.keys()] : candidates(leader, last)
    newest = last
    for (const pid of pids) {
      const [state, parent, group, session, ...rest] = statOf(pid)
      if (state === undefined || state === 'Z' || state === 'X') continue
      const started = rest[15] ?? ''
      const before = members.get(pid)
      const known = before?.started === started
      const kin = pid === leader || [group, session].includes(String(leader)) || members.has(Number(parent))
      if (!known && !kin) continue
      const cpuSeconds = (Number(rest[7]) + Number(rest[8])) / ticksPerSecond
      const written = Math.max(known ? before.written : 0, numberIn(read(pid, 'io'), 'write_bytes'))
      members.set(pid, { started, cpuSeconds, written })
      // One that has only just been forked still shows what its parent holds.
      if (!known && pid !== leader) continue
      const status = read(pid, 'status')
      together += numberIn(status, 'VmRSS') * 1024
      memory = Math.max(memory, numberIn(status, 'VmHWM') * 1024)
    }
    memory = Math.max(memory, together)
  }
  const tick = () => {
    look()
    timer = setTimeout(tick, lookEvery)
  }
  let timer = setTimeout(tick, 0)
  return {
    stop(ended) {
      clearTimeout(timer)
      // What was taken since the last look, of those that are still there.
      look()
      let [cpuSeconds, written] = [0, 0]
      for (const member of members.values()) {
        cpuSeconds += member.cpuSeconds
        written += member.written
      }
      // Of two figures that are each too small, the larger; neither holds all that the other lacks.
      return {
        cpuSeconds: Math.max(ended?.cpuSeconds ?? 0, cpuSeconds),
        memory: memory > 0 ? memory : undefined,
        written: ended?.written === undefined ? undefined : Math.max(ended.written, written),
      }
    },
  }
}

/** The number that was given out last, threads' included. */
function newestProcess(): number | undefined {
  try {
    return Number(readFileSync('/proc/loadavg', 'latin1').trim().split(' ').at(-1))
  } catch {
    return undefined
  }
}

/** Whoever may descend from `leader`: numbers are given out upwards, and begin anew at the end. Nobody where `/proc` cannot be read now. */
function candidates(leader: number, newest = 0): readonly number[] {
  if (process.platform !== 'linux') return []
  try {
    const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []))
    return newest >= leader ? all.filter((pid) => pid >= leader) : all
  } catch {
    return [] // out of open files for a moment: a look that is missed, as those between two are
  }
}

/** A file of `/proc/PID`; empty where the process has ended or is not ours to read. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return ''
  }
}

/** What stands behind a word that begins a line, or 0. Never the first line, so that no word is found within another. */
function numberIn(content: string, word: string): number {
  const at = content.indexOf(`\n${word}:`)
  return at === -1 ? 0 : Number.parseInt(content.slice(at + word.length + 2), 10)
}
