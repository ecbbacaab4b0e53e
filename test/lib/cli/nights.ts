import { runId } from '../../../lib/record/run-id.ts'
import { type JournalOptions, journalText, measured } from '../record/measured-journal.ts'
import type { Repository } from './helpers.ts'

/** Leaves runs of `plan`, a night each from 2026-01-01 on, of which each measured `time` around its level; returns their ids. */
export function nights(
  { file }: Repository,
  plan: string,
  levels: readonly number[],
  options: Partial<JournalOptions> = {},
): readonly string[] {
  return levels.map((level, night) => {
    const at = new Date(Date.UTC(2026, 0, 1 + night, 2, 30))
    const run = runId(at, () => 0)
    const metrics = [measured('time', samplesAround(level))]
    const commit = `${night}`.padStart(2, '0').repeat(20)
    const text = journalText({ plan, run, at: at.toISOString(), commit, metrics, ...options })
    file(`runs/${plan}/${run}/journal.jsonl`, text)
    return run
  })
}

/** Eleven, of which the median is the level. */
export function samplesAround(level: number): readonly number[] {
  return Array.from({ length: 11 }, (_, i) => level * (1 + 0.002 * (((i * 4) % 11) - 5)))
}

/** A plan whose one measure finds what the file `level` says, in seconds; it must be at most 1.2 times the baseline. */
export const measuring = `import { definePlan, lower, noWorseThanBaseline, quantity, text } from 'assay'
const params = { size: text('720p', 'what to read') }
export default definePlan({ name: 'perf', kind: 'performance', title: 'What a file says', params }, (plan) => {
  plan.measure({
    name: 'measure',
    metrics: { time: lower('s', noWorseThanBaseline(1.2)) },
    samples: 11,
    warmup: 0,
    run: async (_, { round }) => {
      const level = Number(await Bun.file('level').text())
      return { time: quantity(level * (1 + 0.002 * (((round * 4) % 11) - 5)), 's') }
    },
  })
})
`
