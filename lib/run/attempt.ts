import type { StepContext } from '../plan/context.ts'
import { parseDuration } from '../plan/duration.ts'
import type { WorkNode } from '../plan/graph.ts'
import { Failure, messageOf, Problem } from '../plan/problem.ts'
import type { Clock } from './clock.ts'

/** What came of a node's function. */
export type Attempted =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'failed' | 'errored' | 'aborted'; readonly reason: string; readonly error?: unknown }

/** Where a step hears that the run is to stop, without each step listening to the run's signal for ever. */
export interface Stopping {
  readonly signal: AbortSignal
  /** Calls back when the run is to stop; returns how to take that back. */
  onStop(call: () => void): () => void
}

export function stoppingOf(signal: AbortSignal): Stopping {
  const calls = new Set<() => void>()
  signal.addEventListener('abort', () => {
    for (const call of [...calls]) call()
  })
  return {
    signal,
    onStop(call) {
      calls.add(call)
      return () => void calls.delete(call)
    },
  }
}

/** How long a function that was told to stop may take before the run goes on without it. */
export const graceMs = 4000

/** Calls `work` once, within the node's timeout and until the run stops. Never rejects. */
export async function attemptOnce(
  node: WorkNode,
  work: (signal: AbortSignal) => unknown,
  stopping: Stopping,
  clock: Clock,
): Promise<Attempted> {
  if (stopping.signal.aborted) return aborted(stopping)
  // A step without a timeout shares the run's signal: a controller each would be most of an empty step's cost.
  const own = node.timeout === undefined ? undefined : new AbortController()
  let returned: unknown
  try {
    returned = work(own?.signal ?? stopping.signal)
  } catch (error) {
    return thrown(error, stopping)
  }
  if (!(returned instanceof Promise) && !isThenable(returned)) return { kind: 'returned', value: returned }
  return await new Promise<Attempted>((resolve) => {
    let stop = () => {}
    const cancels: (() => void)[] = []
    const end = (attempted: Attempted) => {
      for (const cancel of cancels) cancel()
      resolve(attempted)
    }
    let over: Attempted | undefined
    const giveUpAfterGrace = () => {
      cancels.push(
        clock.after(graceMs, () => {
          const how = over ?? aborted(stopping)
          end(how.kind === 'returned' ? how : { ...how, reason: `${how.reason}; it did not stop when it was told to` })
        }),
      )
    }
    if (own !== undefined && node.timeout !== undefined) {
      const { timeout } = node
      cancels.push(
        clock.after(timeout, () => {
          over = { kind: 'failed', reason: `took longer than its timeout of ${timeout / 1000} s` }
          own.abort(new Problem(over.reason))
          giveUpAfterGrace()
        }),
      )
    }
    stop = stopping.onStop(() => {
      own?.abort(stopping.signal.reason)
      giveUpAfterGrace()
    })
    cancels.push(() => stop())
    Promise.resolve(returned).then(
      (value) => end(over ?? { kind: 'returned', value }),
      (error) => end(over ?? thrown(error, stopping)),
    )
  })
}

/** Calls `work` until it returns or its retries are spent; `again` is told before each retry and waits. */
export async function attempt(
  node: WorkNode,
  contextOf: (attempt: number, signal: AbortSignal) => StepContext,
  work: (context: StepContext) => unknown,
  stopping: Stopping,
  clock: Clock,
  again: (attempt: number, because: string) => void,
): Promise<{ readonly attempted: Attempted; readonly attempts: number }> {
  for (let attempts = 1; ; attempts++) {
    const attempted = await attemptOnce(node, (signal) => work(contextOf(attempts, signal)), stopping, clock)
    const { retry } = node
    const spent = retry === undefined || attempts > retry.times
    if (spent || attempted.kind === 'returned' || attempted.kind === 'aborted') return { attempted, attempts }
    if (retry.when !== undefined && !retry.when(attempted.error)) return { attempted, attempts }
    const pause = retry.backoff === undefined ? 0 : parseDuration(retry.backoff, 'backoff') * 2 ** (attempts - 1)
    if (pause > 0) await rest(pause, stopping, clock)
    if (stopping.signal.aborted) return { attempted: aborted(stopping), attempts }
    again(attempts + 1, attempted.reason)
  }
}

/** Resolves after `ms` or when the run is to stop. */
export function rest(ms: number, stopping: Stopping, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, () => end())
    const forget = stopping.onStop(() => end())
    const end = () => {
      cancel()
      forget()
      resolve()
    }
  })
}

function thrown(error: unknown, stopping: Stopping): Attempted {
  if (stopping.signal.aborted) return aborted(stopping)
  return { kind: error instanceof Failure ? 'failed' : 'errored', reason: messageOf(error), error }
}

function aborted(stopping: Stopping): Attempted {
  return { kind: 'aborted', reason: messageOf(stopping.signal.reason) }
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
