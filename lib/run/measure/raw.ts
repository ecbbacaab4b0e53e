import type { RoundNumbers, Series } from './series.ts'

/** One sample of every series of a variant, or all that was worked out of a round. */
export interface RawSample {
  /** 0 while warming up. */
  readonly round: number
  /** Seconds from the first sample's beginning to this one's end. */
  readonly at: number
  readonly numbers: RoundNumbers
}

/** The file of a measure that holds every sample, warm-up included, in the order they were taken; in the run's folder of the step. */
export const rawFile = 'samples.csv'

/** RFC 4180: a line for each number, with when it was taken and in which round, which is 0 while warming up. */
export function rawText(all: readonly Series[], samples: readonly RawSample[]): string {
  const known = new Map(all.map((series) => [series.name, series]))
  const lines = samples.flatMap(({ round, at, numbers }) =>
    [...numbers].map(([name, value]) => {
      const { metric = name, variant = '', definition } = known.get(name) ?? {}
      return [round, variant, metric, definition?.unit ?? '', value, at.toFixed(6)].map(cell).join(',')
    }),
  )
  return ['round,variant,metric,unit,value,at_s', ...lines, ''].join('\r\n')
}

function cell(value: string | number): string {
  const text = String(value)
  return /[",\s]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
