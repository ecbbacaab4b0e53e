/** What a handful of samples comes to. */
export interface Summary {
  readonly n: number
  readonly median: number
  readonly mean: number
  /** Of the sample (n − 1); undefined for one sample. */
  readonly stdev: number | undefined
  readonly min: number
  readonly max: number
}

/** Undefined where there are no samples. */
export function summarize(samples: readonly number[]): Summary | undefined {
  const sorted = samples.toSorted((a, b) => a - b)
  const [min, max] = [sorted.at(0), sorted.at(-1)]
  if (min === undefined || max === undefined) return undefined
  const n = sorted.length
  const mean = sorted.reduce((sum, x) => sum + x, 0) / n
  const squares = sorted.reduce((sum, x) => sum + (x - mean) ** 2, 0)
  return { n, median: median(sorted), mean, stdev: n > 1 ? Math.sqrt(squares / (n - 1)) : undefined, min, max }
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
