import type { Clock } from '../../../../lib/run/clock.ts'

/** Time that passes only when nothing else is left to do. */
export interface VirtualClock extends Clock {
  /** Resolves when `ms` have passed; rejects with the reason of `signal` when that comes first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Lets time pass until `work` has ended; rejects when it waits for nothing that will ever come. */
  drive<T>(work: Promise<T>): Promise<T>
}

/** So many turns of the event loop without anything to do and without a timer are a hang. */
const patience = 2000

export function virtualClock(): VirtualClock {
  const began = Date.UTC(2026, 10, 21, 7, 16, 2)
  let now = 0
  const timers = new Set<{ readonly at: number; readonly call: () => void }>()

  function after(ms: number, call: () => void): () => void {
    const timer = { at: now + ms, call }
    timers.add(timer)
    return () => void timers.delete(timer)
  }

  function jump(): boolean {
    let next: { readonly at: number; readonly call: () => void } | undefined
    for (const timer of timers) if (next === undefined || timer.at < next.at) next = timer
    if (next === undefined) return false
    timers.delete(next)
    now = next.at
    next.call()
    return true
  }

  return {
    now: () => new Date(began + now),
    monotonic: () => now,
    after,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const cancel = after(ms, resolve)
        const stop = () => {
          cancel()
          reject(signal?.reason)
        }
        if (signal?.aborted) stop()
        else signal?.addEventListener('abort', stop, { once: true })
      }),
    async drive(work) {
      const state = { ended: false }
      const end = () => {
        state.ended = true
      }
      work.then(end, end)
      for (let idle = 0; idle < patience; ) {
        await new Promise<void>((resolve) => void setImmediate(resolve))
        if (state.ended) return work
        idle = jump() ? 0 : idle + 1
      }
      throw new Error('the run hangs: it waits for nothing that will ever come')
    },
  }
}
