import { readFileSync } from 'node:fs'
import { Interrupted } from '../run/summing.ts'

/** One Ctrl-C arrives twice, from the terminal and from the `bun run` around us; a second one is meant as such after this long. */
const secondAfterMs = 300

const exits = { SIGINT: 130, SIGTERM: 143, SIGHUP: 143 } as const

/** Calls `stop` at the first signal that asks us to end, and `force` at a second Ctrl-C. Returns how to stop listening. */
export function onSignals(stop: (reason: Interrupted) => void, force: (reason: Interrupted) => void): () => void {
  let first: number | undefined
  const hear = (signal: keyof typeof exits) => {
    const reason = new Interrupted(`interrupted by ${signal}`, exits[signal])
    if (first === undefined) {
      first = performance.now()
      stop(reason)
    } else if (signal === 'SIGINT' && performance.now() - first >= secondAfterMs) force(reason)
  }
  const heard = ignoresHangUp() ? (['SIGINT', 'SIGTERM'] as const) : (['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  for (const signal of heard) process.on(signal, hear)
  if (heard.length === 2) process.on('SIGHUP', ignore)
  return () => {
    for (const signal of heard) process.off(signal, hear)
  }
}

function ignore(): void {}

/** `nohup` was used: on us, or on the `bun run` that started us, which does not hand it down. */
function ignoresHangUp(): boolean {
  return [process.pid, process.ppid].some((pid) => {
    try {
      const mask = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^SigIgn:\s*([0-9a-f]+)$/m)?.[1]
      return mask !== undefined && (BigInt(`0x${mask}`) & 1n) === 1n
    } catch {
      return false // no /proc, or not ours to read
    }
  })
}
