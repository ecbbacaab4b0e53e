import { normalQuantile } from '../../stats/normal.ts'
import { quantile } from '../../stats/quantile.ts'
import { pairedRatio } from '../../stats/ratio.ts'
import type { Detectable } from '../machine.ts'
import type { Figure } from '../noise-floor.ts'
import { figureOf, timed } from './sampling.ts'

/** One piece of work takes about so long: enough for the clock, and short enough for some hundred pairs. */
const workSeconds = 0.01
const leastPairs = 20
const counts = [5, 10, 20, 50, 100, 200, 500]

export interface SameWork {
  readonly figures: readonly Figure[]
  readonly detectable: readonly Detectable[]
}

/**
 * A fixed piece of work held against itself: pairs of it, each in a random order. Their ratio is one; how far from one it comes out says
 * what a machine makes of a difference that is none. `told` is called with how many pairs are done, four times.
 */
export function sameWork(seconds: number, told: (pairs: number) => void): SameWork {
  const rounds = calibrated()
  const answer = spin(rounds)
  const work = () => {
    const seconds = timed(() => {
      // Looked at, or it need not be computed.
      if (spin(rounds) !== answer) throw new Error('The same work came to something else')
    })
    return seconds * 1000
  }
  const [a, b]: [number[], number[]] = [[], []]
  const began = performance.now()
  const spent = () => (performance.now() - began) / 1000 / seconds
  for (let quarters = 0; spent() < 1 || a.length < leastPairs; ) {
    if (quarters < 4 && spent() >= quarters / 4) {
      told(a.length)
      quarters += 1
    }
    for (const side of Math.random() < 0.5 ? [a, b] : [b, a]) side.push(work())
  }
  const ratio = pairedRatio(a, b)
  return {
    figures: [
      figureOf('a fixed work', 'ms', [...a, ...b]),
      ...(ratio === undefined ? [] : [{ name: 'a fixed work against itself', unit: 'ratio', n: a.length, ...ratio }]),
    ],
    detectable: detectableBy(a, b),
  }
}

/**
 * For several numbers of pairs, the smallest relative change that so many show four times in five at 95 %: as `smallestChange` works it out,
 * but of pairs, and the median over all that many neighbours among these.
 */
export function detectableBy(a: readonly number[], b: readonly number[]): readonly Detectable[] {
  const z = normalQuantile(0.975)
  let least = Number.POSITIVE_INFINITY
  return counts.flatMap((n) => {
    const changes: number[] = []
    for (let from = 0; from + n <= a.length; from += Math.ceil(n / 2)) {
      const ratio = pairedRatio(a.slice(from, from + n), b.slice(from, from + n))
      if (ratio === undefined) continue
      const error = Math.log(ratio.high / ratio.low) / 2 / z
      changes.push(Math.expm1((z + normalQuantile(0.8)) * error))
    }
    if (changes.length === 0) return []
    // Who has more pairs can look at fewer.
    least = Math.min(least, quantile(changes, 0.5))
    return { n, change: least }
  })
}

/** How many rounds take about as long as one piece of work shall. */
function calibrated(): number {
  let rounds = 1000
  // More than once at the end, as a function gets faster while it is compiled.
  for (let enough = 0; enough < 3; ) {
    const took = timed(() => spin(rounds))
    if (took < workSeconds) rounds = Math.ceil(rounds * Math.min(4, Math.max(1.05, workSeconds / took)))
    else enough += 1
  }
  return rounds
}

/** Work for the CPU alone: a shift register, whose every round waits for the one before (xorshift32; G. Marsaglia, 2003). */
function spin(rounds: number): number {
  let x = 2463534242
  for (let count = 0; count < rounds; count++) {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
  }
  return x
}
