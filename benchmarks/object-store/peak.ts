import { readdirSync, readFileSync } from 'node:fs'

/** The largest resident set that a process has had, in MB; Linux only. */
export async function peakOf(pid: number): Promise<number> {
  const status = await Bun.file(`/proc/${pid}/status`).text()
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1000
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
