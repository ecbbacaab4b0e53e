import { formatNumber } from '../format.ts'

/** A measured value and the ends of its interval, to as many digits as the interval carries (two of its half width), and three at least. */
export interface Shown {
  readonly value: string
  readonly low: string
  readonly high: string
}

export function shownWith(value: number, low: number, high: number): Shown {
  const half = (high - low) / 2
  const largest = Math.max(Math.abs(value), Math.abs(low), Math.abs(high))
  const digits = (x: number, count: number) => count - 1 - Math.floor(Math.log10(Math.abs(x)))
  const decimals = Math.max(digits(half, 2), value === 0 ? 0 : digits(value, 3))
  // Of no width, or beyond what plain notation shows well.
  if (!Number.isFinite(decimals) || decimals > 9 || largest >= 1e9)
    return { value: formatNumber(value), low: formatNumber(low), high: formatNumber(high) }
  const show = (x: number) => x.toFixed(Math.max(0, decimals))
  return { value: show(value), low: show(low), high: show(high) }
}
