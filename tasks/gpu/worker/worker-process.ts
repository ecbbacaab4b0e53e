import * as v from 'valibot'
import type { Stopped } from '../../../lib/index.ts'
import { signalGroup } from '../../../lib/shell/group.ts'
import { startProcess } from '../../../lib/shell/process.ts'
import { linesOf } from './lines.ts'
import { oomKills } from './oom-kills.ts'
import { endOf, type Outcome, Reply, type Request, type WorkerEnd } from './outcome.ts'

export interface WorkerOptions {
  /** What it is, at the start of a sentence: `The GPU worker`. */
  readonly name: string
  readonly command: readonly string[]
  readonly cwd: string
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Every line that it prints. */
  log(line: string): void
  /** Aborting it is `stop()`. */
  readonly signal?: AbortSignal | undefined
}

/** A process that does what may kill it or hang for ever, so that none of this befalls us. It is asked as `outcome.ts` says. */
export interface Worker {
  readonly pid: number | undefined
  /**
   * Asks it one thing. Always resolves, within `deadline` milliseconds and what it takes to kill it; never rejects. The answer is what
   * `schema` makes of it. Every outcome but an answer and a refusal is the end of the worker.
   */
  ask<T>(request: Request, schema: v.GenericSchema<unknown, T>, deadline: number): Promise<Outcome<T>>
  /** Resolves when it has ended, with how. */
  readonly ended: Promise<WorkerEnd>
  /** How it has ended; undefined while it can be asked. */
  end(): WorkerEnd | undefined
  stop(): Promise<Stopped>
}

interface Waiting {
  readonly asked: string
  hear(reply: { readonly answer: unknown } | { readonly refused: string; readonly wrong?: boolean | undefined }): void
  over(end: WorkerEnd): void
}

/** A process may take a while to leave a driver, or never do. */
const goneWithin = 3000
const grace = 1000
const longestAnswer = 64 * 2 ** 20

export function startWorker({ name, command, cwd, env, log, signal }: WorkerOptions): Worker {
  const waiting = new Map<number, Waiting>()
  const over = Promise.withResolvers<WorkerEnd>()
  const killsBefore = oomKills()
  let ended: WorkerEnd | undefined
  // Before it is gone.
  let decided: WorkerEnd | undefined
  let count = 0

  const settle = (end: WorkerEnd) => {
    if (ended !== undefined) return
    ended = end
    over.resolve(end)
    for (const one of waiting.values()) one.over(end)
    waiting.clear()
  }
  /** Told apart from what it does by itself; one that then does not go is not waited for. */
  const decide = (end: WorkerEnd, within: number): boolean => {
    if (decided !== undefined || ended !== undefined) return false
    decided = end
    setTimeout(() => settle({ ...end, sentence: `${end.sentence} It has not gone.` }), within).unref()
    return true
  }
  const kill = (end: WorkerEnd) => {
    if (decide(end, goneWithin) && child.pid !== undefined) signalGroup(child.pid, 'SIGKILL')
  }
  const garbled = (how: string) => kill({ kind: 'garbled', sentence: `${name} was killed as it ${how}.` })
  const hear = (line: string) => {
    // What it says after it was lost or killed is of no worth: that its work went wrong.
    if (decided !== undefined) return
    const reply = v.safeParse(Reply, parsed(line))
    if (!reply.success) return garbled(`answered what is no answer: ${line.slice(0, 200)}`)
    const { output } = reply
    if ('lost' in output) return kill(lost(name, output.lost))
    waiting.get(output.id)?.hear(output)
    waiting.delete(output.id)
  }
  const stopping = () => {
    decide({ kind: 'stopped', sentence: `${name} was told to stop.` }, grace + goneWithin)
  }
  const child = startProcess(command, {
    cwd,
    env,
    grace,
    input: true,
    onLine: log,
    onDescriptor3: linesOf(hear, longestAnswer, () => garbled(`answered a line of more than ${longestAnswer} bytes`)),
    signal,
  })
  signal?.addEventListener('abort', stopping, { once: true })
  if (signal?.aborted) stopping()
  const doing = () => [...waiting.values()].map(({ asked }) => `'${asked}'`).join(', ')
  child.done
    .then(
      (how): WorkerEnd => {
        const meanwhile = waiting.size > 0 ? `at ${doing()}` : 'with nothing to do'
        return decided ?? endOf(name, how, meanwhile, rose(killsBefore, oomKills()), child.lastLines(3))
      },
      (error: unknown): WorkerEnd => ({ kind: 'garbled', sentence: `${name} could not be heard: ${error}.` }),
    )
    .then(settle)
    .finally(() => signal?.removeEventListener('abort', stopping))

  function ask<T>(request: Request, schema: v.GenericSchema<unknown, T>, deadline: number): Promise<Outcome<T>> {
    if (decided !== undefined || ended !== undefined) return over.promise
    const id = ++count
    return new Promise((resolve) => {
      const timer = setTimeout(() => kill(endless(name, request.ask, deadline)), deadline)
      waiting.set(id, {
        asked: request.ask,
        hear(reply) {
          clearTimeout(timer)
          if ('refused' in reply)
            return resolve({ kind: 'refused', wrong: reply.wrong ?? false, sentence: reply.refused })
          const value = v.safeParse(schema, reply.answer)
          if (value.success) return resolve({ kind: 'answered', value: value.output })
          const { message } = value.issues[0]
          const where = v.getDotPath(value.issues[0])
          garbled(`answered '${request.ask}' with a wrong ${where === null ? 'value' : `'${where}'`}: ${message}`)
          void over.promise.then(resolve)
        },
        over(end) {
          clearTimeout(timer)
          resolve(end)
        },
      })
      // One that reads no more is ending, or is killed at the deadline.
      child.write(JSON.stringify({ ...request, id })).catch((error: unknown) => garbled(`could not be asked: ${error}`))
    })
  }

  return {
    pid: child.pid,
    ask,
    ended: over.promise,
    end: () => ended ?? decided,
    stop() {
      stopping()
      return child.stop()
    },
  }
}

function endless(name: string, asked: string, deadline: number): WorkerEnd {
  const seconds = deadline / 1000
  const why = 'a kernel that never ends, or a card that answers no more'
  return {
    kind: 'endless',
    seconds,
    sentence: `${name} was killed as '${asked}' had not ended after ${seconds} s: ${why}.`,
  }
}

function lost(name: string, reason: string): WorkerEnd {
  return { kind: 'lost', reason, sentence: `${name} lost its device: ${reason}.` }
}

function rose(before: number | undefined, after: number | undefined): boolean | undefined {
  return before === undefined || after === undefined ? undefined : after > before
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined // no answer, as its schema then says
  }
}
