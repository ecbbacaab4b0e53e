// Imports nothing: the list of plans, which has a few milliseconds, shows durations too.

/** `1 check`, `5 checks`. */
export function several(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}

/** `31 ms`, `1.9 s`, `2 min 05 s`, `3 h 07 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`
  // Each bound is where rounding would carry, so that nothing is ever shown as 60 s.
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  if (seconds < 59.5) return `${Math.round(seconds)} s`
  if (seconds < 3599.5) return inTwo(Math.round(seconds), 'min', 's')
  return inTwo(Math.round(seconds / 60), 'h', 'min')
}

function inTwo(count: number, large: string, small: string): string {
  return `${Math.floor(count / 60)} ${large} ${String(count % 60).padStart(2, '0')} ${small}`
}

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/** `812 B`, `8.1 MB`: in powers of ten. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  // 999.5 would be shown as 1000.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}

/** A measured value for a person: four significant digits. */
export function formatNumber(value: number): string {
  const rounded = Number(value.toPrecision(4))
  return Math.abs(rounded) >= 1e15 ? rounded.toExponential() : String(rounded)
}
