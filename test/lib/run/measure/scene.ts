import type { MetricRecord, StepEnded } from '../../../../lib/record/event.ts'
import type { RunOptions } from '../../../../lib/run/run-options.ts'
import { type Rig, type RigBuilder, rigFor } from '../../../rig.ts'

/** A stream of numbers that look like chance and are the same each time: evenly from 0 to 1. */
export function chance(seed = 20_261_121): () => number {
  let state = seed
  return () => {
    // By G. Marsaglia's xorshift of 32 bits.
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** Like most timings: about `middle`, spread over about `spread` of it with a longer tail upwards. */
export function timings(middle: number, spread: number, draw = chance()): () => number {
  return () => middle * Math.exp(spread * (draw() + draw() + draw() - 1.5))
}

export interface Scene {
  readonly rig: Rig
  ended(step: string): StepEnded
  metric(step: string, name: string): MetricRecord
  /** What was shown of its progress. */
  readonly shown: readonly string[]
}

/** Runs a plan whose samples pass their time by `tick`, on a clock that nothing else moves; each time in the same order. */
export async function scene(
  describe: (plan: RigBuilder, tick: (ms: number) => void) => void,
  run: Partial<RunOptions> = {},
): Promise<Scene> {
  const rig: Rig = rigFor((plan) => describe(plan, (ms) => rig.clock.tick(ms)))
  const result = await rig.run({ ...run, env: { ASSAY_SEED: '1', ...run.env } })
  const ended = (step: string) => {
    const found = rig.steps(result).find(({ name }) => name === step)?.ended
    if (found === undefined) throw new Error(`${step} did not end`)
    return found
  }
  return {
    rig,
    ended,
    metric(step, name) {
      const { metrics, reason } = ended(step)
      const found = metrics?.find((metric) => metric.name === name)
      if (found === undefined) throw new Error(`${step} has no ${name}: ${reason}`)
      return found
    },
    shown: rig.events.flatMap((event) => (event.event === 'progress' ? [event.text] : [])),
  }
}
