import type { WorkContext } from '../../../lib/index.ts'
import type { RunningTraining } from '../launch.ts'
import type { ProgressLine } from './progress.ts'
import { patient, stalledAfter } from './stalled-after.ts'

export interface StepWatch {
  /** Takes each line of progress. */
  heard(line: ProgressLine): void
  /** The sentence of a stall, once there was one. */
  stalled(): string | undefined
  end(): void
}

/** A training that is stalled, and how many seconds it may take to end: it may be slow after all, and save a checkpoint. */
export type OnStall = (sentence: string, within: number) => void

/** Says so at once, and stops it. */
export function stopStalled({ stop }: Pick<RunningTraining, 'stop'>, { log }: Pick<WorkContext, 'log'>): OnStall {
  return (sentence, within) => {
    log(`the training stalled: ${sentence}; it is told to end, within ${Math.round(within)} s`)
    void stop(within)
  }
}

/** Steps that say how long one takes: the newest ones. */
const newest = 50
/** Milliseconds. A timer for each step would cost more than all else that is done for it. */
const lookEvery = 1000
/** Seconds to end in, at least. */
const leastGrace = 5

/** What is said beside the work, from threads that live on where that hangs. */
const besides: ReadonlySet<ProgressLine['event']> = new Set(['tracking failed', 'tracking lost'])

/**
 * Calls `onStall` once when a training does no step for longer than `stalledAfter` allows, by the lines it was heard to say. `patience` is
 * what the plan's parameter of that name says, in seconds; two minutes where it has none.
 */
export function watchSteps(
  onStall: OnStall,
  patience?: number,
  now: () => number = () => performance.now(),
): StepWatch {
  const waits = patience ?? patient
  const steps: number[] = []
  let pause = 0
  let last = 0
  let total: number | undefined
  let at = now()
  let stalled: string | undefined
  // Once its last step is done it saves and sends its model, which takes as long as it takes to begin.
  const allowed = () => (last === total ? waits : stalledAfter(steps, pause, waits))
  const look = () => {
    const seconds = allowed()
    const left = seconds * 1000 - (now() - at)
    if (left > 0) return wait(left)
    const more = seconds === patience ? ' (--set patience=SECONDS allows it more)' : ''
    stalled = `no ${last === total ? 'end' : 'step'} for ${Math.round(seconds)} s after step ${last}${more}`
    onStall(stalled, Math.max(leastGrace, 2 * pause))
  }
  const wait = (left: number) => {
    timer = setTimeout(look, Math.min(left, lookEvery))
  }
  let timer: ReturnType<typeof setTimeout>
  wait(lookEvery)
  return {
    heard(line) {
      if (stalled !== undefined || besides.has(line.event)) return
      const took = (now() - at) / 1000
      at = now()
      if (line.event === 'started') total = line.steps
      if (line.event === 'step') {
        // The first one has the start of the program in it.
        if (last > 0) steps.push(took)
        if (steps.length > newest) steps.shift()
        last = line.step
      } else if (last > 0) pause = Math.max(pause, took)
    },
    stalled: () => stalled,
    end: () => clearTimeout(timer),
  }
}
