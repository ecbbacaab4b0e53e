import { messageOf, Problem } from '../plan/problem.ts'
import { onSignals } from './signals.ts'

/**
 * Does `work`, whose signal is aborted when somebody asks us to end, or when code of a plan throws where nobody waits for
 * it; `abandon` is called before we end at once.
 */
export async function stoppable<T>(
  stdout: { readonly isTTY: boolean },
  abandon: () => void,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stopping = new AbortController()
  const forget = onSignals(
    stdout,
    (reason) => stopping.abort(reason),
    (reason) => {
      abandon()
      process.exit(reason.exit)
    },
  )
  const stray = (error: unknown) =>
    stopping.abort(new Problem(`something outside of every step threw: ${messageOf(error)}`, { cause: error }))
  process.on('uncaughtException', stray)
  process.on('unhandledRejection', stray)
  try {
    return await work(stopping.signal)
  } finally {
    forget()
    process.off('uncaughtException', stray)
    process.off('unhandledRejection', stray)
  }
}
