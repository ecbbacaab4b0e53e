import { startProcess } from '../../../lib/shell/process.ts'
import type { Look } from './telemetry.ts'

/** What telemetry is opened with; a step's context is one, and so is a service's. */
export interface TelemetryContext {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal | undefined
  log(line: string): void
}

/** What a line of a watching program tells; `nothing` where it can't be read. */
export type Told<T> =
  | { readonly kind: 'look'; readonly look: (at: number) => Look }
  | { readonly kind: 'first'; readonly first: T }
  | { readonly kind: 'nothing' }

export interface Running<T> {
  /** What it says before its looks; a sentence where it ends, or says nothing in time. */
  first(within: number): Promise<T | string>
  look(): Promise<Look>
  close(): Promise<void>
}

/** Milliseconds without a look after which it is taken for lost. */
const patience = 3000

/** A program that prints a line for each look, as long as it runs. */
export function runWatching<T>(
  name: string,
  command: readonly string[],
  read: (line: string) => Told<T>,
  { env, signal, log }: TelemetryContext,
): Running<T> {
  const first = Promise.withResolvers<T | string>()
  let waiting: ((look: Look) => void)[] = []
  let lost: Look | undefined
  let closed = false
  let unread = 0
  const give = (look: Look) => {
    const all = waiting
    waiting = []
    for (const resolve of all) resolve(look)
    if (look.state === 'lost') lost = look
  }
  const now = () => performance.now()
  const child = startProcess(command, {
    cwd: process.cwd(),
    env,
    signal,
    grace: 1000,
    onLine(line) {
      const told = read(line)
      if (told.kind === 'look') give(told.look(now()))
      if (told.kind === 'first') first.resolve(told.first)
      if (told.kind !== 'nothing') return
      unread += 1
      // It may say the same ten times a second.
      if (unread <= 3) log(`${name} says: ${line}`)
    },
  })
  void child.done.then((end) => {
    const how =
      end.kind === 'not-started'
        ? end.sentence
        : end.kind === 'exited'
          ? `ended with ${end.code}`
          : `was ended by ${end.signal}`
    const last = child.lastLines(1).join('')
    const sentence = end.kind === 'not-started' ? how : `${name} ${how}${last === '' ? '' : `: ${last}`}`
    first.resolve(sentence)
    if (lost === undefined) give({ state: 'lost', at: now(), sentence: closed ? `${name} was closed` : sentence })
  })
  return {
    first: (within) => soon(first.promise, within, () => `${name} said nothing for ${within / 1000} s`),
    look() {
      if (lost !== undefined) return Promise.resolve(lost)
      const { promise, resolve } = Promise.withResolvers<Look>()
      waiting.push(resolve)
      return soon(promise, patience, () => {
        const sentence = `${name} told of nothing for ${patience / 1000} s`
        return { state: 'lost', at: now(), sentence } as const
      })
    },
    async close() {
      closed = true
      await child.stop()
    },
  }
}

/** `late` of what has not come within so many milliseconds. */
async function soon<T>(work: Promise<T>, within: number, late: () => T): Promise<T> {
  let timer: Timer | undefined
  const over = new Promise<T>((give) => {
    timer = setTimeout(() => give(late()), within)
  })
  try {
    return await Promise.race([work, over])
  } finally {
    clearTimeout(timer)
  }
}
