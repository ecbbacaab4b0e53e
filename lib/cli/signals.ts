import { readFileSync } from 'node:fs'
import { Interrupted } from '../run/summing.ts'
import { libc } from '../shell/libc.ts'
import { endWithWrapper } from './wrapper.ts'

/** One Ctrl-C arrives twice, from the terminal and from the `bun run` around us; a second one is meant as such after this long. */
const secondAfterMs = 300

const exits = { SIGINT: 130, SIGTERM: 143, SIGHUP: 143 } as const

/**
 * Calls `stop` at the first signal that asks us to end, and `force` at a second Ctrl-C. Returns how to stop listening.
 * `stdout` is the real one.
 */
export function onSignals(
  stdout: { readonly isTTY: boolean },
  stop: (reason: Interrupted) => void,
  force: (reason: Interrupted) => void,
): () => void {
  let first: number | undefined
  const hear = (signal: keyof typeof exits) => {
    const reason = new Interrupted(`interrupted by ${signal}`, exits[signal])
    if (first === undefined) {
      first = performance.now()
      stop(reason)
    } else if (signal === 'SIGINT' && performance.now() - first >= secondAfterMs) force(reason)
  }
  endWithWrapper(() => {
    first ??= performance.now()
    stop(new Interrupted('the command that it was started by has ended', exits.SIGTERM, 1000))
  })
  const heard = ignoresHangUp(stdout.isTTY || libc().isTerminal(0) || libc().isTerminal(2))
    ? (['SIGINT', 'SIGTERM'] as const)
    : (['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  for (const signal of heard) process.on(signal, hear)
  if (heard.length === 2) process.on('SIGHUP', ignore)
  return () => {
    for (const signal of heard) process.off(signal, hear)
  }
}

function ignore(): void {}

/**
 * `nohup` was used. `bun run` and `bunx` catch the signal themselves and hand it on, so that below them nothing tells; then
 * streams of which none is a terminal say that nobody means us when a terminal goes away.
 */
function ignoresHangUp(onTerminal: boolean): boolean {
  const inherited = ignoredAtStart()
  const unknown = inherited === undefined || process.env.npm_lifecycle_event !== undefined
  return inherited === true || (unknown && !onTerminal)
}

function ignoredAtStart(): boolean | undefined {
  try {
    const mask = readFileSync('/proc/self/status', 'utf8').match(/^SigIgn:\s*([0-9a-f]+)$/m)?.[1]
    return mask === undefined ? undefined : (BigInt(`0x${mask}`) & 1n) !== 0n
  } catch {
    return undefined // only Linux has it
  }
}
