import { existsSync, readFileSync } from 'node:fs'
import * as v from 'valibot'
import { medianInterval } from '../../../lib/stats/median-interval.ts'
import { quantile } from '../../../lib/stats/quantile.ts'
import { parseProgress } from '../steps/progress.ts'
import type { Trained } from '../trained.ts'
import { short } from '../words.ts'

/** Seconds: the median of `n`, and the interval that holds it 19 times in 20 where they are enough for one. */
const Times = v.object({
  n: v.number(),
  median: v.number(),
  low: v.optional(v.number()),
  high: v.optional(v.number()),
})
type Times = v.InferOutput<typeof Times>

/** How long checkpoints take; absent where the trainings don't say. */
export const CheckpointTimes = v.object({ save: v.optional(Times), load: v.optional(Times) })
export type CheckpointTimes = v.InferOutput<typeof CheckpointTimes>

/** Of all that these trainings saved, and went on from. */
export function checkpointTimes(trainings: readonly Pick<Trained, 'series'>[]): CheckpointTimes {
  const lines = trainings.flatMap(({ series }) =>
    existsSync(series)
      ? readFileSync(series, 'utf8')
          .split('\n')
          .flatMap((text) => parseProgress(text) ?? [])
      : [],
  )
  const seconds = (event: 'checkpoint' | 'resumed') =>
    lines.flatMap((line) => (line.event === event && line.seconds !== undefined ? [line.seconds] : []))
  const [save, load] = [timesOf(seconds('checkpoint')), timesOf(seconds('resumed'))]
  return { ...(save && { save }), ...(load && { load }) }
}

function timesOf(seconds: readonly number[]): Times | undefined {
  if (seconds.length === 0) return undefined
  const interval = medianInterval(seconds)
  return {
    n: seconds.length,
    median: quantile(seconds, 0.5),
    ...(interval && { low: interval.low, high: interval.high }),
  }
}

/** `saved in 12 ms (n 60, 11 to 14), loaded in 30 ms (n 7, 25 to 41)` */
export function checkpointWords({ save, load }: CheckpointTimes): string {
  const words = [save && `saved in ${wordsOf(save)}`, load && `loaded in ${wordsOf(load)}`].filter(Boolean)
  return words.join(', ') || 'it does not say how long they take'
}

function wordsOf({ n, median, low, high }: Times): string {
  const ms = (seconds: number) => short(1000 * seconds)
  const range = low === undefined || high === undefined ? '' : `, ${ms(low)} to ${ms(high)}`
  return `${ms(median)} ms (n ${n}${range})`
}
