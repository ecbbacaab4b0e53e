const levels = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const

/** Values as a row of bars from the lowest to the highest, the newest `width` of them; all at one height where they are equal. */
export function sparkline(values: readonly number[], width: number): string {
  const shown = values.slice(-width)
  const [low, high] = [Math.min(...shown), Math.max(...shown)]
  const level = (value: number) => (high > low ? Math.round(((value - low) / (high - low)) * (levels.length - 1)) : 3)
  return shown.map((value) => levels[level(value)] ?? '').join('')
}
