import { medianInterval } from '../lib/stats/median-interval.ts'
import { summarize } from '../lib/stats/summary.ts'

/** The median of paired ratios with the interval that holds the true one at least 95 times in a hundred. */
export interface Ratio {
  readonly median: number
  readonly low: number
  readonly high: number
  /** Pairs. */
  readonly n: number
}

/**
 * The ratio ours / theirs over rounds that ran side by side. The interval assumes nothing of how they are spread
 * (lib/stats/median-interval.ts); below six pairs there is none, and it is all there was. Not that of lib/stats/ratio.ts: it widens its
 * interval by how rounds resemble those before them, and makes one of few rounds too, so that tables would not be those published.
 */
export function pairedRatio(ours: readonly number[], theirs: readonly number[]): Ratio {
  const ratios = ours.flatMap((own, i) => {
    const peer = theirs[i]
    return peer === undefined ? [] : [own / peer]
  })
  const { low, high } = medianInterval(ratios) ?? { low: Math.min(...ratios), high: Math.max(...ratios) }
  return { median: median(ratios), low, high, n: ratios.length }
}

export function median(values: readonly number[]): number {
  return summarize(values)?.median ?? Number.NaN
}

/** `2.41 (2.30–2.55, 12 pairs)` */
export function showRatio({ median, low, high, n }: Ratio, digits = 2): string {
  const [middle, from, to] = [median, low, high].map((value) => value.toFixed(digits))
  return `${middle} (${from}–${to}, ${n} pairs)`
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
