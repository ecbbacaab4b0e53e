import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { allPids, procOf } from './procs.ts'

/** What a run is started in, so that everything it starts can be counted from outside, whatever it does to hide. */
export interface Enclosure {
  /** The command that starts `argv` in it. */
  starting(argv: readonly string[]): readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Everything in it that runs. */
  pids(): readonly number[]
  /** Ends what is left in it, and takes it down. */
  end(): Promise<void>
}

/** Makes enclosures, each with a name of its own. */
export interface Enclosures {
  readonly kind: 'cgroup' | 'environment'
  make(name: string): Enclosure
  end(): void
}

/** Control groups where one can be made below our own, which nothing that runs in them can leave unseen; else a mark in the environment. */
export function enclosures(): Enclosures {
  const home = cgroupHome()
  return home === undefined ? { kind: 'environment', make: marked, end: () => {} } : groupsIn(home)
}

function groupsIn(home: string): Enclosures {
  return {
    kind: 'cgroup',
    end: () => rmdirSync(home),
    make(name) {
      const group = join(home, name)
      mkdirSync(group)
      const pids = () => membersOf(group)
      return {
        env: {},
        pids,
        starting: (argv) => ['/bin/sh', '-c', 'echo $$ > "$0" && exec "$@"', join(group, 'cgroup.procs'), ...argv],
        async end() {
          if (existsSync(join(group, 'cgroup.kill'))) writeFileSync(join(group, 'cgroup.kill'), '1')
          await emptied(pids)
          await removed(group)
        },
      }
    },
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
  for (let tries = 0; ; tries++) {
    try {
      for (const entry of readdirSync(group, { withFileTypes: true }))
        if (entry.isDirectory()) rmdirSync(join(group, entry.name))
      return rmdirSync(group)
    } catch (error) {
      if (tries === 40) throw error // the kernel lets go of the last process a moment after it is gone
      await Bun.sleep(25)
    }
  }
}

/** A new control group (v2) below the one we are in; undefined where none can be made. */
function cgroupHome(): string | undefined {
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

const mark = 'ASSAY_TORTURE_CASE'

function marked(name: string): Enclosure {
  const value = `${process.pid}-${name}`
  const pids = () => allPids().filter((pid) => hasMark(pid, `${mark}=${value}`) && procOf(pid) !== undefined)
  return { env: { [mark]: value }, starting: (argv) => argv, pids, end: () => emptied(pids) }
}

function hasMark(pid: number, text: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(text)
  } catch {
    return false
  }
}

/** Sends a signal; false when the process is gone. A negative number is a group's. */
export function kill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    throw error
  }
}
