import type { SamplingRule } from '../../plan/graph.ts'
import type { SamplingRecord } from '../../record/event.ts'
import { looks } from '../../stats/decide.ts'
import type { Asked } from './judge.ts'

/** When a measure is over, by its rule: the part that needs no samples. */
export interface Enough {
  /** Of how sure the metrics are to be. */
  readonly asked: Asked
  /** Whether to look at the samples once there are so many rounds. */
  isLook(rounds: number): boolean
  /** Whether it is over after so many rounds and milliseconds, however sure its metrics are. */
  spent(rounds: number, elapsed: number): SamplingRecord['stopped'] | undefined
  /** `sample 12, 4 s of 30 s`, of the one that is being taken. */
  words(sample: number, elapsed: number): string
}

export function enoughOf(rule: SamplingRule): Enough {
  const seconds = (ms: number) => `${Math.round(ms / 1000)} s`
  const overBudget = (rounds: number, elapsed: number) =>
    rule.budget !== undefined && rounds > 0 && elapsed >= rule.budget ? 'budget' : undefined
  if (rule.kind === 'fixed')
    return {
      asked: { precision: undefined, looks: 1 },
      isLook: () => false,
      spent: (rounds, elapsed) => (rounds >= rule.samples ? 'fixed' : overBudget(rounds, elapsed)),
      words: (sample) => `sample ${sample} of ${rule.samples}`,
    }
  const counts = looks(rule.least, rule.most)
  return {
    asked: { precision: rule.precision, looks: counts.length },
    isLook: (rounds) => counts.includes(rounds),
    spent: (rounds, elapsed) => (rounds >= rule.most ? 'most' : overBudget(rounds, elapsed)),
    words: (sample, elapsed) => `sample ${sample}, ${seconds(elapsed)} of ${seconds(rule.budget)}`,
  }
}
