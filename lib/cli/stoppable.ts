import { messageOf, Problem } from '../plan/problem.ts'
import { writeTo } from './print.ts'
import { onSignals } from './signals.ts'

/**
 * Does `work`, whose signal is aborted when somebody asks us to end, or when code of a plan throws where nobody waits for
 * it; `abandon` is called before we end at once. Code that ends the process under it never makes that a success.
 */
export async function stoppable<T>(
  stdout: { readonly isTTY: boolean },
  abandon: () => void,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stopping = new AbortController()
  const left = (code: number) => {
    abandon()
    writeTo(
      2,
      `Cannot finish the run as something in the plan called process.exit(${code}): what was recorded is kept\n`,
    )
    process.exitCode = 2
  }
  const forget = onSignals(
    stdout,
    (reason) => stopping.abort(reason),
    (reason) => {
      process.off('exit', left)
      abandon()
      process.exit(reason.exit)
    },
  )
  const stray = (error: unknown) =>
    stopping.abort(new Problem(`something outside of every step threw: ${messageOf(error)}`, { cause: error }))
  process.on('exit', left)
  process.on('uncaughtException', stray)
  process.on('unhandledRejection', stray)
  try {
    return await work(stopping.signal)
  } finally {
    forget()
    process.off('exit', left)
    process.off('uncaughtException', stray)
    process.off('unhandledRejection', stray)
  }
}
