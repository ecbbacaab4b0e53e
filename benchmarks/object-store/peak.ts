/** The largest resident set that a process has had, in MB; Linux only. */
export async function peakOf(pid: number): Promise<number> {
  const status = await Bun.file(`/proc/${pid}/status`).text()
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1000
}
