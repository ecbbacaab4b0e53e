import type { StepContext } from '../../plan/context.ts'
import type { SampleContext } from '../../plan/graph.ts'

/** The step's context with what is the sample's own; folder and shell are still made only when asked for. */
export function sampleContext(
  context: StepContext,
  own: Pick<SampleContext, 'variant' | 'round' | 'time'>,
): SampleContext {
  const { plan, run, attempt, signal, env, mask, stopped } = context
  return {
    ...own,
    ...{ plan, run, attempt, signal, env, mask },
    ...(stopped && { stopped }),
    log: context.log,
    progress: context.progress,
    foreign: context.foreign,
    get folder() {
      return context.folder
    },
    get $() {
      return context.$
    },
  }
}
