import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode } from '../plan/problem.ts'
import { libc } from '../shell/libc.ts'
import { allPids, procOf } from './procs.ts'

/** What a run is started in, so that everything it starts can be counted from outside, whatever it does to hide. */
export interface Enclosure {
  /** Calls `spawn` with the command that starts `argv` in it. */
  start<T>(argv: readonly string[], spawn: (argv: readonly string[]) => T): T
  /** Everything in it that runs, at little cost. */
  pids(): readonly number[]
  /** Everything in it that runs, found in every way there is. */
  all(): readonly number[]
  /** Ends what is left in it, and takes it down. */
  end(): Promise<void>
}

/** Makes enclosures, each with a name of its own. */
export interface Enclosures {
  /** In words, for people. */
  readonly kind: string
  make(name: string): Enclosure
  /** Ends all that are left. */
  end(): Promise<void>
}

/**
 * Each enclosure marks what is started in it by a resource limit, which is handed on over fork and exec, and is not the one that Assay marks
 * its own runs by. Where a control group can be made below our own it is one as well: that can't be left unseen even by what sets its limits back.
 */
export function enclosures(): Enclosures {
  return enclosuresIn(cgroupHome())
}

/** Enclosures that are control groups in `home`, an empty one; without it they are marked only. */
export function enclosuresIn(home: string | undefined): Enclosures {
  const made = new Set<Enclosure>()
  let ending: Promise<void> | undefined
  const endAll = async () => {
    while (made.size > 0) await Promise.all([...made].map((one) => one.end()))
    if (home !== undefined) rmdirSync(home)
  }
  return {
    kind: home === undefined ? 'a resource limit' : 'control groups, and a resource limit',
    make(name) {
      if (ending !== undefined) throw new Error('There are no more enclosures to be had')
      const one = enclosure(home === undefined ? undefined : join(home, name), () => made.delete(one))
      made.add(one)
      return one
    },
    end() {
      ending ??= endAll()
      return ending
    },
  }
}

function enclosure(group: string | undefined, ended: () => void): Enclosure {
  if (group !== undefined) mkdirSync(group)
  const limit = markedBy()
  const pids = () => (group === undefined ? limit.known() : membersOf(group))
  const all = () => [...new Set([...pids(), ...limit.afresh()])]
  return {
    pids,
    all,
    start: (argv, spawn) =>
      limit.around(() =>
        spawn(
          group === undefined
            ? argv
            : ['/bin/sh', '-c', 'echo $$ > "$0" && exec "$@"', join(group, 'cgroup.procs'), ...argv],
        ),
      ),
    async end() {
      await emptied(all)
      if (group !== undefined && existsSync(group)) await removed(group)
      ended()
    },
  }
}

// The most bytes in POSIX message queues (setrlimit(2)): next to nothing has any, and the soft limit may be lowered by anybody.
const messageQueues = 12
const row = 'Max msgqueue size'.padEnd(26)

function markedBy() {
  const { soft } = libc().limit(messageQueues)
  const mark = BigInt(100_000 + Math.floor(Math.random() * 600_000))
  const seen = new Map<number, boolean>()
  const carries = (pid: number) => textOf(`/proc/${pid}/limits`)?.includes(`${row}${mark} `) ?? false
  const runs = (pid: number) => procOf(pid) !== undefined
  return {
    around<T>(start: () => T): T {
      libc().setSoftLimit(messageQueues, mark)
      try {
        return start()
      } finally {
        libc().setSoftLimit(messageQueues, soft)
      }
    },
    /** Each process is asked for its limits once. */
    known: () =>
      allPids().filter((pid) => {
        if (!seen.has(pid)) seen.set(pid, carries(pid))
        return seen.get(pid) === true && runs(pid)
      }),
    afresh: () => allPids().filter((pid) => carries(pid) && runs(pid)),
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined // it has ended
  }
}

function membersOf(group: string): readonly number[] {
  try {
    const own = readFileSync(join(group, 'cgroup.procs'), 'latin1').split('\n').slice(0, -1).map(Number)
    const inner = readdirSync(group, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    return [...own, ...inner.flatMap(({ name }) => membersOf(join(group, name)))]
  } catch {
    return [] // taken down between the listing and the look
  }
}

/** Not even SIGKILL ends at once; what is still there after a second is told as an orphan by whoever looks. */
async function emptied(pids: () => readonly number[]): Promise<void> {
  for (const deadline = performance.now() + 1000; pids().length > 0 && performance.now() < deadline; ) {
    for (const pid of pids()) kill(pid, 'SIGKILL')
    await Bun.sleep(5)
  }
}

async function removed(group: string): Promise<void> {
  // A torture inside of this one has groups of its own.
  for (const entry of readdirSync(group, { withFileTypes: true }))
    if (entry.isDirectory()) await removed(join(group, entry.name))
  for (let tries = 0; ; tries++) {
    try {
      return rmdirSync(group)
    } catch (error) {
      if (tries === 40) throw error // the kernel lets go of the last process a moment after it is gone
      await Bun.sleep(25)
    }
  }
}

/** A new control group (v2) below the one we are in; undefined where none can be made. */
export function cgroupHome(): string | undefined {
  try {
    const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n')
    const mount = mounts.find((line) => line.split(' ')[2] === 'cgroup2')?.split(' ')[1]
    const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1]
    if (mount === undefined || own === undefined) return undefined
    const home = join(mount, own, `assay-torture-${process.pid}`)
    mkdirSync(home)
    return home
  } catch {
    return undefined // not Linux, no such file system, or not ours to write
  }
}

/** Sends a signal; false when the process is gone. A negative number is a group's. */
export function kill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return false
    throw error
  }
}
