import type { Look } from './look.ts'

// Written for macOS, not run there.

/**
 * Reads what macOS tells: `ps` is the output of `ps -A -o pid=,ppid=,time=`, `memory` that of `vm_stat`, `self` this process. Programs that
 * began and ended between two looks are not seen.
 */
export function lookAtDarwin(at: number, cores: number, ps: string, memory: string, self: number): Look {
  const processes = ps.split('\n').flatMap((line) => {
    const [, pid, parent, time] = line.match(/^\s*(\d+)\s+(\d+)\s+(\S+)$/) ?? []
    return time === undefined ? [] : { pid: Number(pid), parent: Number(parent), seconds: secondsIn(time) }
  })
  const parents = new Map(processes.map(({ pid, parent }) => [pid, parent]))
  const descends = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at))
      if (at === self) return true
    return false
  }
  const sum = (own: boolean) =>
    processes.reduce((sum, { pid, seconds }) => (descends(pid) === own ? sum + seconds : sum), 0)
  const pages = (name: string) => Number(memory.match(new RegExp(`^${name}: +(\\d+)\\.$`, 'm'))?.[1])
  const swapped = { out: pages('Swapouts'), in: pages('Swapins') }
  return {
    at,
    cores,
    busy: sum(true) + sum(false),
    own: sum(true),
    ...(Number.isFinite(swapped.out + swapped.in) && { swapped }),
  }
}

/** `[hours:]minutes:seconds.hundredths`. */
function secondsIn(time: string): number {
  return time.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
}
