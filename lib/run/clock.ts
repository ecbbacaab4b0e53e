/** The engine's only sight of time. */
export interface Clock {
  now(): Date
  /** Milliseconds since any fixed moment; never goes back. */
  monotonic(): number
  /** Calls back after `ms` unless cancelled by what it returns. */
  after(ms: number, call: () => void): () => void
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms)
    return () => clearTimeout(timer)
  },
}

/** Seconds with microseconds, as they are recorded. */
export function secondsSince(clock: Clock, start: number): number {
  return Math.round((clock.monotonic() - start) * 1000) / 1e6
}
