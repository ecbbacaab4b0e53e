import type { Detectable, Disturbance, Machine } from './machine.ts'

/** A machine for tests, on which every watch ends with `disturbances`. */
export function fakeMachine(
  fingerprint: string,
  disturbances: readonly Disturbance[] = [],
  detectable?: readonly Detectable[],
): Machine {
  return {
    fingerprint: () => fingerprint,
    watch: () => ({ end: () => disturbances }),
    detectable: () => detectable,
  }
}
