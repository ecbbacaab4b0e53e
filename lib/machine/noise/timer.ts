import type { Figure } from '../noise-floor.ts'
import { figureOf, samplesFor } from './sampling.ts'

const readings = 10_000

/** The clock that measures read: the smallest step it can make, and what reading it costs. */
export function timerFigures(seconds: number): readonly Figure[] {
  const steps: number[] = []
  const costs = samplesFor(seconds, 200, () => {
    const start = performance.now()
    let step = Number.POSITIVE_INFINITY
    let last = start
    let count = 0
    // A coarse clock may not move within so many.
    for (; count < readings || step === Number.POSITIVE_INFINITY; count++) {
      const now = performance.now()
      if (now > last && now - last < step) step = now - last
      last = now
    }
    steps.push(Math.round(step * 1e6))
    return ((last - start) * 1e6) / count
  })
  return [
    figureOf('clock: smallest step between two readings', 'ns', steps),
    figureOf('clock: one reading', 'ns', costs),
  ]
}
