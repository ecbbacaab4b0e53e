import type { StepContext } from '../plan/context.ts'
import { parseDuration } from '../plan/duration.ts'
import type { WorkNode } from '../plan/graph.ts'
import { Failure, messageOf, Problem } from '../plan/problem.ts'
import { slowestProgram } from '../shell/programs.ts'
import type { Clock } from './clock.ts'
import { Interrupted } from './summing.ts'

/** What came of a node's function. */
export type Attempted =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'failed' | 'errored' | 'aborted'; readonly reason: string; readonly error?: unknown }

/** Where a step hears that the run is to stop, without each step listening to the run's signal for ever. */
export interface Stopping {
  readonly signal: AbortSignal
  /** Calls back when the run is to stop; returns how to take that back. */
  onStop(call: () => void): () => void
  /** Milliseconds until all of a run that is to stop must be over; ample for one that goes on. */
  left(): number
}

export function stoppingOf(signal: AbortSignal, clock: Clock): Stopping {
  const calls = new Set<() => void>()
  let over: number | undefined
  const began = () => {
    const { reason } = signal
    const within = reason instanceof Interrupted ? reason.within : undefined
    over = clock.monotonic() + (within ?? stopWithinMs())
  }
  if (signal.aborted) began()
  signal.addEventListener('abort', () => {
    began()
    for (const call of [...calls]) call()
  })
  return {
    signal,
    onStop(call) {
      calls.add(call)
      return () => void calls.delete(call)
    },
    left: () => (over === undefined ? stopWithinMs() : Math.max(0, over - clock.monotonic())),
  }
}

/** How long a function that was told to stop may take before the run goes on without it. */
export const graceMs = 3500

/** What is kept of the time to stop for what comes after the steps: services, and the last lines of the journal. */
const afterStepsMs = 1000

/** What a program needs to be gone once it was killed, and its step to hear of it. */
const reapMs = 500

/** How long a run that is to stop may take: as long as the slowest of its programs, whose grace a task chooses. */
function stopWithinMs(): number {
  return Math.max(graceMs, (slowestProgram()?.grace ?? 0) + reapMs) + afterStepsMs
}

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
        clock.after(graceOf(stopping), () => {
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
      // What returns once the run is to stop may return because its program was told to: it has not done its work for certain.
      (value) => end(over ?? (stopping.signal.aborted ? aborted(stopping) : { kind: 'returned', value })),
      (error) => end(over ?? thrown(error, stopping)),
    )
  })
}

/** Of what was told to stop, since the run is to stop or its own time is up. */
function graceOf(stopping: Stopping): number {
  const left = stopping.left()
  return Math.max(left / 2, left - afterStepsMs)
}

/**
 * What `work` comes to; once the run is to stop, it is waited for no longer than `left` says, a step's time when absent, and then rejected.
 */
export function untilStopped<T>(work: Promise<T>, stopping: Stopping, clock: Clock, left = graceOf): Promise<T> {
  return new Promise((resolve, reject) => {
    let cancel = () => {}
    const late = () => {
      cancel = clock.after(left(stopping), () => reject(new Problem('it did not stop when it was told to')))
    }
    const forget = stopping.onStop(late)
    if (stopping.signal.aborted) late()
    const over = () => {
      cancel()
      forget()
    }
    work.then(resolve, reject).then(over, over)
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
