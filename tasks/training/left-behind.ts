import { readdirSync, readFileSync } from 'node:fs'

/**
 * The variable by which processes of one sitting are known. Not `TRAINING_OUT`: a person may have exported that, and then shells and
 * whatever else they start have it too.
 */
export const sittingVariable = 'ASSAY_TRAINING_SITTING'

/**
 * Ends what a training that is over has left running in sessions of its own, where nothing but its environment still tells whose it is.
 * Returns how many there were. The run itself ends those that emptied their environment, at its end.
 */
export function endLeftBehind(sitting: string): number {
  const own = Buffer.from(`\0${sittingVariable}=${sitting}\0`)
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
