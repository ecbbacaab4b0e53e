import { quantile } from '../../lib/stats/quantile.ts'
import type { StepSummary } from './report.ts'
import type { StepLine } from './steps/progress.ts'

/** What the steps of a sitting come to; undefined where there was none. */
export function summarize(steps: readonly StepLine[], total: number | undefined): StepSummary | undefined {
  const [first, last] = [steps[0], steps.at(-1)]
  if (first === undefined || last === undefined) return undefined
  const working = known(steps.map((step) => step.step_seconds))
  const waiting = known(steps.map((step) => step.data_seconds))
  const images = known(steps.map((step) => step.images))
  const memory = known(steps.map((step) => step.memory_bytes))
  const seconds = sum(working)
  return {
    count: steps.length,
    first: first.step,
    last: last.step,
    ...(total !== undefined && { total }),
    ...(working.length > 0 && { medianSeconds: quantile(working, 0.5) }),
    ...(waiting.length > 0 && seconds > 0 && { dataShare: sum(waiting) / seconds }),
    ...(images.length > 0 && { images: sum(images) }),
    ...(images.length > 0 && seconds > 0 && { imagesPerSecond: sum(images) / seconds }),
    ...(memory.length > 0 && { peakMemory: memory.reduce((most, value) => Math.max(most, value), 0) }),
  }
}

function known(values: readonly (number | undefined)[]): number[] {
  return values.filter((value) => value !== undefined)
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0)
}
