import type { WorkContext } from '../../lib/index.ts'
import { startProcess } from '../../lib/shell/process.ts'

/** What the making of an environment is given: a step, a service and a task each have it. */
export interface PythonWork extends WorkContext {
  readonly env: Readonly<Record<string, string | undefined>>
  announce?(sentence: string): void
}

export type Ran =
  | { readonly kind: 'done'; readonly out: readonly string[] }
  | { readonly kind: 'failed'; readonly reason: string; readonly said: readonly string[] }

export interface RunOptions extends Pick<PythonWork, 'env' | 'signal'> {
  /** Milliseconds after which it is ended. */
  readonly within?: number
  /** Gets each line that it prints. */
  hear?(line: string): void
}

/** Runs a program to its end; it ends with the run, and with the signal, whose reason is then thrown. */
export async function runProgram(command: readonly string[], options: RunOptions): Promise<Ran> {
  const { env, signal, within, hear } = options
  signal.throwIfAborted()
  const out: string[] = []
  const said: string[] = []
  const late = within === undefined ? undefined : AbortSignal.timeout(within)
  const child = startProcess(command, {
    cwd: process.cwd(),
    env,
    signal: late === undefined ? signal : AbortSignal.any([signal, late]),
    grace: 2000,
    onLine(line, stream) {
      if (stream === 'stdout') out.push(line)
      said.push(line)
      hear?.(line)
    },
  })
  const ended = await child.done
  signal.throwIfAborted()
  if (ended.kind === 'exited' && ended.code === 0) return { kind: 'done', out }
  if (ended.kind === 'not-started') return { kind: 'failed', reason: 'it is not there, or may not be run', said }
  if (late?.aborted) return { kind: 'failed', reason: `it did not end within ${(within ?? 0) / 1000} s`, said }
  const how = ended.kind === 'signalled' ? `was ended by ${ended.signal}` : `ended with exit code ${ended.code}`
  const last = said.findLast((line) => line.trim() !== '')
  return { kind: 'failed', reason: last === undefined ? `it ${how}` : `it ${how}: ${last.trim()}`, said }
}

/** For programs of ours: uv compiles nothing, so that each start would take twice as long where nobody may keep what the first compiled. */
export const keepsBytecode = { PYTHONDONTWRITEBYTECODE: '' } as const
