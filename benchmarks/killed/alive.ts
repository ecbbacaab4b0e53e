import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'

/** One who stands outside of a runner and sees all that it started, however far that went away. */
export interface Outsider {
  readonly kind: 'cgroup v2' | 'process table'
  /** The command line that starts inside. */
  enter(argv: readonly string[]): readonly string[]
  /** What lives in there, zombies left out, by process id: the command line. */
  alive(): ReadonlyMap<number, string>
  /** Kills what is left. */
  killAll(): Promise<void>
  /** Takes away what the counting needed; nothing lives in there any more. */
  close(): void
}

/**
 * Counts by a control group of its own where one can be made (root, or a delegated one), which holds every descendant; and everywhere by
 * the job's token in the command line, which also finds what was moved to another group.
 */
export function outsider(token: string): Outsider {
  const group = makeGroup(token)
  const alive = () => {
    const inside = group === undefined ? [] : pidsIn(group)
    return new Map([...commands()].filter(([pid, command]) => command.includes(token) || inside.includes(pid)))
  }
  return {
    kind: group === undefined ? 'process table' : 'cgroup v2',
    enter: (argv) =>
      group === undefined ? argv : ['sh', '-c', `echo $$ > ${group}/cgroup.procs && exec "$@"`, 'sh', ...argv],
    alive,
    async killAll() {
      while (alive().size > 0) {
        for (const pid of alive().keys()) kill(pid)
        await Bun.sleep(10)
      }
    },
    close() {
      if (group !== undefined) removeGroup(group)
    },
  }
}

function makeGroup(token: string): string | undefined {
  const mount = readFileSync('/proc/mounts', 'utf8').match(/^\S+ (\S+) cgroup2 /m)?.[1]
  const own = readFileSync('/proc/self/cgroup', 'utf8').match(/^0::(.*)$/m)?.[1]
  if (mount === undefined || own === undefined) return undefined
  const path = join(mount, own, `killed-${token}`)
  try {
    mkdirSync(path)
    // Being allowed to make one is not yet being allowed to move into it.
    const { exitCode } = Bun.spawnSync(['sh', '-c', `echo $$ > ${path}/cgroup.procs`], { stderr: 'ignore' })
    if (exitCode === 0) return path
    rmdirSync(path)
  } catch {
    // Not ours to make: the process table has to do.
  }
  return undefined
}

/** With the groups that were made below it. */
function pidsIn(group: string): readonly number[] {
  if (!existsSync(group)) return []
  const own = readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number)
  return [...own, ...below(group).flatMap(pidsIn)]
}

function removeGroup(group: string): void {
  for (const inner of below(group)) removeGroup(inner)
  rmdirSync(group)
}

function below(group: string): readonly string[] {
  return readdirSync(group, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(group, name))
}

/** The command lines of all processes, zombies left out, by process id. */
export function commands(): ReadonlyMap<number, string> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return new Map(pids.map((pid) => [Number(pid), commandOf(pid)] as const).filter(([, command]) => command !== ''))
}

/** Empty for one that has just gone and for a zombie. */
function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return ''
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
