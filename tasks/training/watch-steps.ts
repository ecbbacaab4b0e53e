import type { ProgressLine } from './progress.ts'
import { stalledAfter } from './stalled-after.ts'

export interface StepWatch {
  /** Takes each line of progress. */
  heard(line: ProgressLine): void
  /** The sentence of a stall, once there was one. */
  stalled(): string | undefined
  end(): void
}

/** Steps that say how long one takes: the newest ones. */
const newest = 50

/** Calls `onStall` once when a training does no step for longer than `stalledAfter` allows, by the lines it was heard to say. */
export function watchSteps(onStall: () => void, now: () => number = () => performance.now()): StepWatch {
  const steps: number[] = []
  const pauses: number[] = []
  let last = 0
  let at = now()
  let stalled: string | undefined
  let timer: ReturnType<typeof setTimeout>
  const arm = () => {
    const seconds = stalledAfter(steps, pauses)
    timer = setTimeout(() => {
      stalled = `no step for ${Math.round(seconds)} s after step ${last}`
      onStall()
    }, seconds * 1000)
  }
  arm()
  return {
    heard(line) {
      clearTimeout(timer)
      if (stalled !== undefined) return
      const took = (now() - at) / 1000
      at = now()
      if (line.event === 'step') {
        // The first one has the start of the program in it.
        if (last > 0) steps.push(took)
        if (steps.length > newest) steps.shift()
        last = line.step
      } else if (last > 0) pauses.push(took)
      arm()
    },
    stalled: () => stalled,
    end: () => clearTimeout(timer),
  }
}
