import { cannot } from '../plan/problem.ts'
import { libc } from '../shell/libc.ts'
import { guardStdout, type RealStdout } from '../shell/stdout.ts'
import { writeTo } from './print.ts'

/** Where a command writes. */
export interface Output {
  /** The real stdout, which nothing that a plan loads can reach. */
  readonly stdout: RealStdout
  /** Where a person reads along: stdout, or stderr when stdout was promised to a view. */
  readonly people: {
    write(text: string): void
    readonly isTTY: boolean
    readonly color: boolean
    columns(): number
  }
}

/**
 * Takes stdout away from everything else in this process. `claims` are the flags that want it for themselves: `--csv -`.
 * Throws a Problem for two of them. Call it before plan code loads.
 */
export function claimStdout(command: string, claims: readonly string[]): Output {
  if (claims.length > 1)
    throw cannot(
      `run ${command}`,
      'stdout',
      'left to one flag',
      claims.join(' and '),
      'Give a FILE to --csv, --junit or --html.',
    )
  const stderrIsTTY = libc().isTerminal(2)
  // Descriptor 1 will be stderr; where that is a file, the width stays what it was.
  const atStart = stderrIsTTY ? undefined : widthOfStdout()
  const stdout = guardStdout()
  const shared = claims.length > 0
  const isTTY = shared ? stderrIsTTY : stdout.isTTY
  return {
    stdout,
    people: {
      write: shared ? (text) => writeTo(2, text) : stdout.write,
      isTTY: isTTY && process.env.TERM !== 'dumb',
      color: isColor(isTTY, process.env),
      columns: () => (stderrIsTTY && process.stderr.columns) || atStart || Number(process.env.COLUMNS) || 80,
    },
  }
}

/** Not from `process.stdout`: once that has been looked at, it writes past the guard. */
function widthOfStdout(): number | undefined {
  if (!libc().isTerminal(1)) return undefined
  const tty: typeof import('node:tty') = require('node:tty') // slow to load, and seldom needed
  return new tty.WriteStream(1).columns
}

function isColor(isTTY: boolean, { NO_COLOR, FORCE_COLOR, TERM }: NodeJS.ProcessEnv): boolean {
  if (NO_COLOR) return false
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0'
  return isTTY && TERM !== 'dumb'
}
