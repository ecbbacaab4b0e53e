/** The median of paired ratios with the interval that holds the true one at least 95 times in a hundred. */
export interface Ratio {
  readonly median: number
  readonly low: number
  readonly high: number
  /** Pairs. */
  readonly n: number
}

/**
 * The ratio ours / theirs over rounds that ran side by side. The interval is that of the sign test: it lies between two of the
 * sorted ratios and assumes nothing of how they are spread; below six pairs there is none, and it is all there was.
 */
export function pairedRatio(ours: readonly number[], theirs: readonly number[]): Ratio {
  const ratios = ours.flatMap((own, i) => {
    const peer = theirs[i]
    return peer === undefined ? [] : [own / peer]
  })
  const sorted = ratios.sort((a, b) => a - b)
  const n = sorted.length
  const at = (i: number) => sorted[i] ?? Number.NaN
  const k = signTestRank(n)
  return { median: median(sorted), low: at(k), high: at(n - 1 - k), n }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2
}

/** How many values may be left out at each end: the largest k with 2 · P(X < k + 1) ≤ 0.05, X binomial of n and ½. */
function signTestRank(n: number): number {
  let term = 0.5 ** n
  let sum = 0
  let k = -1
  while (k < n / 2) {
    sum += term
    if (2 * sum > 0.05) break
    k += 1
    term *= (n - k) / (k + 1)
  }
  return Math.max(k, 0)
}

/** `2.41 (2.30–2.55, 12 pairs)` */
export function showRatio({ median, low, high, n }: Ratio): string {
  return `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)}, ${n} pairs)`
}

/** Whether a bar is met by all of the interval, by none of it, or lies within. */
export function judge({ low, high }: Ratio, bar: number): 'pass' | 'fail' | 'undecided' {
  if (low >= bar) return 'pass'
  return high < bar ? 'fail' : 'undecided'
}

/** Prints rows under their titles; a column of numbers goes to the right. */
export function printTable(titles: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = titles.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)))
  const right = titles.map((_, i) => rows.every((row) => /^[\d.,]*$/.test(row[i] ?? '')))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (right[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd()
  console.log(line(titles))
  console.log(widths.map((width) => '─'.repeat(width)).join('  '))
  for (const row of rows) console.log(line(row))
}
