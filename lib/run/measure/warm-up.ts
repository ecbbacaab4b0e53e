import type { MeasureNode } from '../../plan/graph.ts'
import type { SamplingRecord } from '../../record/event.ts'
import { steadyFrom } from '../../stats/steady.ts'
import type { RoundNumbers } from './series.ts'

/** What of the budget the search for steady numbers may take. */
const share = 0.2

/** Milliseconds, or rounds, before which nothing is called steady: what a runtime compiles as it goes, it has compiled by then. */
const least = { time: 250, rounds: 1000 }

/** Rounds after which the search is given up: without a clock that goes on it would have no end, and fill the memory. */
const mostRounds = 20_000

/** Rounds that are looked at, and how many at least. */
const window = { least: 5, most: 100 }

/** Takes rounds that do not count, `elapsed` milliseconds so far: as many as the plan says, or until the numbers of each metric are steady. */
export async function warmUp(
  { warmup, rule }: MeasureNode,
  takeRound: () => Promise<RoundNumbers>,
  elapsed: () => number,
): Promise<SamplingRecord['warmup']> {
  if (warmup !== 'steady') {
    for (let round = 0; round < warmup; round++) await takeRound()
    return { rounds: warmup, steady: false, because: 'the plan says how many' }
  }
  const within = rule.budget === undefined ? Infinity : rule.budget * share
  // Where nobody says how long it may take, it takes no more rounds than are then measured.
  const most = rule.kind === 'fixed' && rule.budget === undefined ? rule.samples : Infinity
  const taken = new Map<string, number[]>()
  let next: number = window.least
  for (let rounds = 1; ; rounds++) {
    for (const [name, value] of await takeRound()) {
      const samples = taken.get(name) ?? []
      taken.set(name, samples)
      samples.push(value)
      if (samples.length > window.most) samples.shift()
    }
    const time = elapsed()
    const compiled = time >= Math.min(least.time, within) || rounds >= least.rounds
    if (rounds >= next && compiled) {
      const because = steadyWords(taken)
      if (because !== undefined) return { rounds, steady: true, because }
      next = Math.ceil(rounds * 1.5)
    }
    if (rounds >= most && compiled)
      return { rounds, steady: false, because: 'not steady after as many rounds as are to be measured' }
    if (rounds >= mostRounds) return { rounds, steady: false, because: `not steady after ${mostRounds} rounds` }
    if (time >= within) return { rounds, steady: false, because: `not steady within ${100 * share} % of the budget` }
  }
}

/** Why the numbers of all metrics are steady; undefined where one is not. */
function steadyWords(taken: ReadonlyMap<string, readonly number[]>): string | undefined {
  const left = [...taken.values()].map((samples) => samples.length - (steadyFrom(samples)?.from ?? samples.length))
  // Of fewer, also those that do rise or fall may not show it.
  if (left.some((count) => count < window.least)) return undefined
  return `in the last ${Math.min(...left)} rounds no metric rises or falls`
}
