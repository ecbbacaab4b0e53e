import { medianInterval } from '../../../lib/stats/median-interval.ts'
import { quantile } from '../../../lib/stats/quantile.ts'
import { short } from '../words.ts'

/** What the loss of a training did, step after step. */
export type LossCourse =
  | { readonly kind: 'falls' | 'rises' | 'flat'; readonly ratio: number; readonly low: number; readonly high: number }
  | { readonly kind: 'spikes'; readonly step: number; readonly times: number }
  | { readonly kind: 'no number'; readonly step: number }
  | { readonly kind: 'too short'; readonly steps: number }

/** One step: its number in the training, and the loss it had. */
export interface LossAt {
  readonly step: number
  readonly loss: number
}

/** Steps that a loss is held against for a spike; also how many there must be at each end for a direction. */
const window = 12

/** A loss so many times the median of those before it, and so many of their spreads above it, is a spike and not scatter. */
const spike = { times: 3, spreads: 12 }

/**
 * Tells a loss that falls, rises or stays from one that spikes or is no number any more: in that order of what would be said last. Its
 * direction is that from the median over the first third of the steps to that over the last third, where the intervals of both have nothing
 * in common.
 */
export function lossCourse(losses: readonly LossAt[]): LossCourse {
  const lost = losses.find(({ loss }) => !Number.isFinite(loss))
  if (lost !== undefined) return { kind: 'no number', step: lost.step }
  if (losses.length < 3 * window) return { kind: 'too short', steps: losses.length }
  const spiked = firstSpike(losses)
  if (spiked !== undefined) return spiked
  const third = Math.floor(losses.length / 3)
  const values = losses.map(({ loss }) => loss)
  const [before, after] = [levelOf(values.slice(0, third)), levelOf(values.slice(-third))]
  const kind = after.high < before.low ? 'falls' : after.low > before.high ? 'rises' : 'flat'
  const over = (a: number, b: number) => (b > 0 ? a / b : a > b ? Infinity : 0)
  return {
    kind,
    ratio: over(after.value, before.value),
    low: over(after.low, before.high),
    high: over(after.high, before.low),
  }
}

/** The median, and the interval that holds it 19 times in 20. */
function levelOf(values: readonly number[]) {
  const value = quantile(values, 0.5)
  return { value, ...(medianInterval(values) ?? { low: value, high: value }) }
}

function firstSpike(losses: readonly LossAt[]): LossCourse | undefined {
  for (let at = window; at < losses.length; at++) {
    const now = losses[at]
    const before = losses.slice(at - window, at).map(({ loss }) => loss)
    const level = quantile(before, 0.5)
    const spread = quantile(before, 0.75) - quantile(before, 0.25)
    if (now === undefined || level <= 0) continue
    if (now.loss > spike.times * level && now.loss > level + spike.spreads * spread)
      return { kind: 'spikes', step: now.step, times: now.loss / level }
  }
  return undefined
}

/** In a sentence's middle: `falls to 0.41 of what it was (0.33 to 0.52)`. */
export function courseWords(course: LossCourse): string {
  switch (course.kind) {
    case 'falls':
    case 'rises':
      return `${course.kind} to ${short(course.ratio)} of what it was (${short(course.low)} to ${short(course.high)})`
    case 'flat':
      return `neither falls nor rises (${short(course.low)} to ${short(course.high)} of what it was)`
    case 'spikes':
      return `jumps at step ${course.step} to ${short(course.times)} times the level before it`
    case 'no number':
      return `is no number from step ${course.step} on`
    case 'too short':
      return `has ${course.steps} steps, too few to tell`
  }
}
