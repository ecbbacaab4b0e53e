import { readdirSync, readFileSync } from 'node:fs'
import { errorCode } from '../plan/problem.ts'
import type { Look } from './look.ts'
import { quotaFiles } from './quota-files.ts'

// The kernel tells of CPU time to user space in hundredths of a second (USER_HZ), whatever its own clock.
const ticksPerSecond = 100
const cpuFolder = '/sys/devices/system/cpu'

/** Reads the counters of a Linux machine, whose files stand below `root`; `own` is how much CPU time this run has used. */
export function lookAtLinux(root: string, at: number, cores: number, own: number | undefined): Look {
  const read = (path: string) => textOf(root + path)
  const cpus = cpuFolders(root)
  const governors = cpus.flatMap((cpu) => read(`${cpu}/cpufreq/scaling_governor`)?.trim() ?? [])
  const heat = cpus.flatMap((cpu) => {
    const counters = ['core_throttle_count', 'package_throttle_count'].flatMap(
      (name) => numberIn(read(`${cpu}/thermal_throttle/${name}`)) ?? [],
    )
    return counters.length === 0 ? [] : counters.reduce((sum, count) => sum + count)
  })
  const clock = clockOf(read)
  const stall = numberIn(read('/proc/pressure/memory')?.match(/^some .*total=(\d+)/m)?.[1])
  return {
    at,
    cores,
    ...timesIn(read('/proc/stat')),
    ...(own !== undefined && { own }),
    ...(governors.length > 0 && { governors }),
    ...(clock !== undefined && { clock }),
    ...(heat.length > 0 && { heat }),
    ...swappedIn(read('/proc/vmstat')),
    ...quotaIn(quotaFiles(read).flatMap((path) => read(path) ?? [])),
    ...(stall !== undefined && { memoryStall: stall / 1e6 }),
  }
}

/** The time of interrupts is left out: it is nobody's, and most of it serves what is being measured. */
function timesIn(stat: string | undefined): Pick<Look, 'busy' | 'stolen'> {
  const times = stat
    ?.match(/^cpu +(.*)$/m)?.[1]
    ?.split(' ')
    .map(Number)
  const [user = 0, nice = 0, system = 0, idle = 0, , , , steal] = times ?? []
  // A sandbox that shows zeros shows nothing.
  if (user + nice + system + idle === 0) return {}
  return {
    busy: (user + nice + system) / ticksPerSecond,
    ...(steal !== undefined && { stolen: steal / ticksPerSecond }),
  }
}

function clockOf(read: (path: string) => string | undefined): number | undefined {
  // Of a core that rests, the clock says nothing; on this one somebody is at work. The 39th field, the first two being before the bracket.
  const core = read('/proc/self/stat')?.split(') ').at(-1)?.split(' ')[36]
  const kilohertz = numberIn(read(`${cpuFolder}/cpu${core}/cpufreq/scaling_cur_freq`))
  return kilohertz === undefined ? undefined : kilohertz * 1000
}

function swappedIn(vmstat: string | undefined): Pick<Look, 'swapped'> {
  const pages = (name: string) => numberIn(vmstat?.match(new RegExp(`^${name} (\\d+)$`, 'm'))?.[1])
  const [into, out] = [pages('pswpin'), pages('pswpout')]
  return into === undefined || out === undefined ? {} : { swapped: { in: into, out } }
}

/** Summed over the groups, one within another: at most one of them has a quota, as a rule. */
function quotaIn(files: readonly string[]): Pick<Look, 'quota'> {
  const found = files.flatMap((text) => {
    const count = (name: string) => numberIn(text.match(new RegExp(`^${name} (\\d+)$`, 'm'))?.[1])
    const times = count('nr_throttled')
    const seconds = (count('throttled_usec') ?? 0) / 1e6 + (count('throttled_time') ?? 0) / 1e9
    return times === undefined ? [] : { times, seconds }
  })
  if (found.length === 0) return {}
  return {
    quota: found.reduce((sum, { times, seconds }) => ({ times: sum.times + times, seconds: sum.seconds + seconds })),
  }
}

function cpuFolders(root: string): readonly string[] {
  try {
    return readdirSync(root + cpuFolder)
      .flatMap((name) => (/^cpu\d+$/.test(name) ? `${cpuFolder}/${name}` : []))
      .sort()
  } catch {
    return [] // a container may hide it
  }
}

function numberIn(text: string | undefined): number | undefined {
  const number = text === undefined || text.trim() === '' ? Number.NaN : Number(text)
  return Number.isFinite(number) ? number : undefined
}

/** A file's text; undefined where there is none, or it may not be read, or a driver behind it has no answer. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    return undefined
  }
}
