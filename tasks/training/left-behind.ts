import { readdirSync, readFileSync } from 'node:fs'

/**
 * Ends what a training that is over has left running in sessions of its own, where nothing but its environment still tells whose it is:
 * `TRAINING_OUT`, which no other training has. Returns how many there were. The run itself ends those that emptied their environment, at its end.
 */
export function endLeftBehind(out: string): number {
  const own = Buffer.from(`\0TRAINING_OUT=${out}\0`)
  const left = process.platform === 'linux' ? readdirSync('/proc').filter((name) => isOf(name, own)) : []
  for (const pid of left) kill(Number(pid))
  return left.length
}

function isOf(name: string, own: Buffer): boolean {
  if (!/^\d+$/.test(name) || Number(name) === process.pid) return false
  try {
    return Buffer.concat([Buffer.of(0), readFileSync(`/proc/${name}/environ`)]).includes(own)
  } catch {
    return false // it has ended, or is not ours to read
  }
}

/** At once: it had its time, and what it does now it does to whoever comes after it. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it has ended meanwhile
  }
}
