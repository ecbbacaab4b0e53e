import * as v from 'valibot'
import type { Ended } from '../../../lib/shell/process.ts'

/*
 * What a worker, in TypeScript or Python, and its parent say to each other: one JSON line a request on its standard input, one JSON line
 * an answer on descriptor 3 (what it prints is for people: Dawn writes warnings there).
 *
 *     → {"ask":"sample","seconds":1,"id":7}
 *     ← {"id":7,"answer":{…}}   or   {"id":7,"refused":"One sentence."}, with "wrong":true where it computed wrong
 *     ← {"lost":"why"}          at any time: its device is gone, and it with it
 */

/** What it is asked for, and with what. */
export interface Request {
  readonly ask: string
  readonly [name: string]: unknown
}

export const Reply = v.union([
  v.object({ id: v.number(), answer: v.unknown() }),
  v.object({ id: v.number(), refused: v.string(), wrong: v.optional(v.boolean()) }),
  v.object({ lost: v.string() }),
])
export type Reply = v.InferOutput<typeof Reply>

export type Outcome<T> =
  | { readonly kind: 'answered'; readonly value: T }
  /** It cannot do that, and goes on. `wrong`: it could, and what came out was wrong. */
  | { readonly kind: 'refused'; readonly wrong: boolean; readonly sentence: string }
  | WorkerEnd

/** How a worker came to its end. `sentence` is for people. */
export type WorkerEnd =
  | { readonly kind: 'not-started'; readonly sentence: string }
  /** By a signal that is its own fault, or by ending without being told to. */
  | { readonly kind: 'crashed'; readonly by: string; readonly sentence: string }
  /** It did not answer in time, and was killed for it. */
  | { readonly kind: 'endless'; readonly seconds: number; readonly sentence: string }
  /** By somebody else. `memory`: the kernel killed a process for want of memory meanwhile; undefined where that cannot be told. */
  | { readonly kind: 'killed'; readonly memory: boolean | undefined; readonly sentence: string }
  | { readonly kind: 'lost'; readonly reason: string; readonly sentence: string }
  /** What it answered cannot be read. */
  | { readonly kind: 'garbled'; readonly sentence: string }
  /** As it was told to. */
  | { readonly kind: 'stopped'; readonly sentence: string }

const faults = ['SIGSEGV', 'SIGABRT', 'SIGFPE', 'SIGBUS', 'SIGILL', 'SIGTRAP', 'SIGSYS', 'SIGPIPE']

/** How a worker that nobody here ended came to its end. `doing`: what it was asked for then. */
export function endOf(
  name: string,
  ended: Ended,
  doing: string,
  memory: boolean | undefined,
  last: readonly string[],
): WorkerEnd {
  if (ended.kind === 'not-started') return ended
  const words = last.map((line) => line.trim()).filter((line) => line !== '')
  const said = words.length === 0 ? 'it printed nothing' : `it printed last: ${words.join(' | ')}`
  if (ended.kind === 'exited') {
    const by = `exit code ${ended.code}`
    return { kind: 'crashed', by, sentence: `${name} ended by itself with ${by} ${doing} (${said}).` }
  }
  const { signal: by } = ended
  if (faults.includes(by)) return { kind: 'crashed', by, sentence: `${name} crashed with ${by} ${doing} (${said}).` }
  const who =
    by !== 'SIGKILL'
      ? 'by somebody else'
      : memory === true
        ? 'while the kernel killed a process for want of memory'
        : memory === false
          ? 'by somebody else, and not by the kernel for want of memory'
          : 'by somebody else, or by the kernel for want of memory, which cannot be told here'
  return { kind: 'killed', memory, sentence: `${name} was killed with ${by} ${doing}, ${who}.` }
}
