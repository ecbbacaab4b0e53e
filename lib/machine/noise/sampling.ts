import { medianInterval } from '../../stats/median-interval.ts'
import { quantile, quantileInterval } from '../../stats/quantile.ts'
import type { Figure } from '../noise-floor.ts'

/** Below six there is no interval at 95 %. */
const least = 6

/** Calls `sample` until `seconds` have passed or there are `most`, at least six times; returns what it returned. */
export function samplesFor(seconds: number, most: number, sample: () => number): readonly number[] {
  const until = performance.now() + seconds * 1000
  const samples: number[] = []
  while (samples.length < least || (samples.length < most && performance.now() < until)) samples.push(sample())
  return samples
}

/** The median of the samples, or another quantile, with its interval at 95 %. */
export function figureOf(name: string, unit: string, samples: readonly number[], q = 0.5): Figure {
  const interval = q === 0.5 ? medianInterval(samples) : quantileInterval(samples, q)
  return { name, unit, n: samples.length, value: quantile(samples, q), ...interval }
}

/** How many seconds `work` takes. */
export function timed(work: () => void): number {
  const start = Bun.nanoseconds()
  work()
  return (Bun.nanoseconds() - start) / 1e9
}
