import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Counts what a command started and what still runs, without asking Assay: by a cgroup around the whole where one can be made, else by a mark of
 * the test's own that children inherit and that nobody takes off (an adjustment for the OOM killer).
 */
export interface Outsider {
  readonly how: 'cgroup' | 'mark'
  /** The command with what puts it inside around it. */
  around(command: readonly string[]): string[]
  /** Starts the command inside. */
  start(command: readonly string[], options: Bun.SpawnOptions.OptionsObject<'ignore', 'pipe', 'pipe'>): Started
  /** What runs inside, `pid name` each; what has ended and only waits to be reaped does not count. */
  alive(): readonly Inside[]
  /** Resolves once nothing runs inside, with what is left after `within` milliseconds. */
  emptied(within: number): Promise<readonly Inside[]>
  /** Ends whatever is left. */
  close(): Promise<void>
}

export type Started = Bun.Subprocess<'ignore', 'pipe', 'pipe'>

export interface Inside {
  readonly pid: number
  /** As `ps` calls it. */
  readonly name: string
  readonly command: string
}

/** Why nothing can be counted here; undefined where it can. */
export const noOutsider = process.platform === 'linux' ? undefined : 'only Linux has a cgroup or /proc to count by'

let made = 0

export function outsider(how: Outsider['how'] = cgroupRoot() === undefined ? 'mark' : 'cgroup'): Outsider {
  const { join: enter, pids, remove } = how === 'cgroup' ? cgroup() : mark()
  const alive = () => pids().flatMap(insideOf)
  // The shell itself enters and becomes the command, so that there is no moment outside.
  const around = (command: readonly string[]) => ['/bin/sh', '-c', `${enter} && exec "$@"`, 'sh', ...command]
  return {
    how,
    alive,
    around,
    start: (command, options) => Bun.spawn(around(command), { ...options, stdio: ['ignore', 'pipe', 'pipe'] }),
    async emptied(within) {
      const deadline = performance.now() + within
      while (alive().length > 0 && performance.now() < deadline) await Bun.sleep(10)
      return alive()
    },
    async close() {
      for (let left = pids(); left.length > 0; left = pids()) {
        for (const pid of left) signal(pid)
        await Bun.sleep(5)
      }
      await remove()
    },
  }
}

/** A folder in which this user may make cgroups; version 2, since only there a process that ended is no member. */
export function cgroupRoot(): string | undefined {
  const own = readFileSync('/proc/self/cgroup', 'utf8').match(/^0::(.*)$/m)?.[1]
  if (own === undefined) return undefined
  return ['/sys/fs/cgroup', '/sys/fs/cgroup/unified']
    .map((mount) => join(mount, own))
    .find((folder) => {
      try {
        const probe = join(folder, `assay-probe-${process.pid}`)
        mkdirSync(probe)
        const usable = existsSync(join(probe, 'cgroup.procs'))
        rmdirSync(probe)
        return usable
      } catch {
        return false
      }
    })
}

function cgroup() {
  const folder = join(cgroupRoot() ?? '', `assay-test-${process.pid}-${made++}`)
  mkdirSync(folder)
  return {
    join: `echo $$ > ${folder}/cgroup.procs`,
    pids: () => readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number),
    async remove() {
      // What was killed holds it until it is reaped.
      for (const deadline = performance.now() + 5000; ; await Bun.sleep(5))
        try {
          return rmdirSync(folder)
        } catch (error) {
          if (performance.now() > deadline) throw error
        }
    },
  }
}

function mark() {
  const taken = new Set(everybody().map(adjustment))
  let value = 100 + (process.pid % 400)
  while (taken.has(String(value))) value++
  return {
    join: `echo ${value} > /proc/self/oom_score_adj`,
    pids: () => everybody().filter((pid) => adjustment(pid) === String(value) && !/^Z|^$/.test(stateOf(pid))),
    remove() {},
  }
}

function everybody(): readonly number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger)
}

function adjustment(pid: number): string {
  return read(pid, 'oom_score_adj').trim()
}

function stateOf(pid: number): string {
  const stat = read(pid, 'stat')
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3)
}

function insideOf(pid: number): readonly Inside[] {
  const [name, command] = [read(pid, 'comm').trim(), read(pid, 'cmdline').replaceAll('\0', ' ').trim()]
  return name === '' ? [] : [{ pid, name, command }]
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return '' // it has ended
  }
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended since.
  }
}
