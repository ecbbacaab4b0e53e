import { readdirSync, readFileSync } from 'node:fs'

/** The largest resident set that a process has had since it loaded its program, in bytes; Linux only. */
export function peakMemory(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}

/** The same in the kernel's kB by the thousand. */
export function peakOf(pid: number): number {
  return peakMemory(pid) / 1024 / 1000
}

/** What a process and all below it have run so far, in microseconds of one core; undefined where there is no /proc. */
export function cpuOf(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined
  const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8').trim()
  // Nanoseconds first, of each thread; those that have ended are left out, and servers' don't.
  const own = readdirSync(`/proc/${pid}/task`).reduce(
    (sum, thread) => sum + Number(read(`task/${thread}/schedstat`).split(' ')[0]) / 1000,
    0,
  )
  const below = read(`task/${pid}/children`).split(' ').filter(Boolean)
  return below.reduce((sum, child) => sum + (cpuOf(Number(child)) ?? 0), own)
}
