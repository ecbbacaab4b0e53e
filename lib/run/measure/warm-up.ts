import type { MeasureNode } from '../../plan/graph.ts'
import type { SamplingRecord } from '../../record/event.ts'
import { looks } from '../../stats/decide.ts'
import { steadyFrom } from '../../stats/steady.ts'
import type { RoundNumbers } from './series.ts'

/** What of the budget the search for steady numbers may take. */
const share = 0.2

/** The most rounds of it, where neither a budget nor a fixed number of samples says when to end. */
const mostRounds = 1000

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
  const most = rule.kind === 'fixed' ? rule.samples : mostRounds
  const within = rule.budget === undefined ? Infinity : rule.budget * share
  const counts = looks(5, most)
  const taken = new Map<string, number[]>()
  for (let rounds = 1; ; rounds++) {
    for (const [name, value] of await takeRound()) {
      const samples = taken.get(name) ?? []
      taken.set(name, samples)
      samples.push(value)
    }
    const steady = counts.includes(rounds) ? steadyWords(taken) : undefined
    if (steady !== undefined) return { rounds, steady: true, because: steady }
    if (rounds >= most) return { rounds, steady: false, because: 'not steady after as many rounds as there may be' }
    if (elapsed() >= within)
      return { rounds, steady: false, because: `not known to be steady after ${100 * share} % of the budget` }
  }
}

/** Why the numbers of all metrics are steady, by the one that took longest; undefined where one is not. */
function steadyWords(taken: ReadonlyMap<string, readonly number[]>): string | undefined {
  let last: { readonly from: number; readonly because: string } | undefined
  for (const [name, samples] of taken) {
    const steady = steadyFrom(samples)
    if (steady === undefined) return undefined
    if (last === undefined || steady.from > last.from)
      last = { from: steady.from, because: `${name}: ${steady.because}` }
  }
  return last?.because ?? 'there is nothing to measure'
}
