/**
 * `20261121-071602-k3x9`: sorts by time to the millisecond, which the first two letters tell. UTC.
 * Always behind `last`, the plan's newest: the latest run must stay the latest when the clock is set back.
 */
export function runId(now: Date, random: () => number, last?: string): string {
  const before = last === undefined ? undefined : startOfRun(last)
  const at = before !== undefined && now <= before ? new Date(before.getTime() + 1) : now
  const [date = '', time = ''] = at.toISOString().split('T')
  const milliseconds = at.getUTCMilliseconds()
  const letters = [milliseconds >> 5, milliseconds & 31, Math.floor(random() * 32), Math.floor(random() * 32)]
  return `${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${letters.map((at) => alphabet[at]).join('')}`
}

// 32 that don't read as one another, in the order they sort.
const alphabet = '23456789abcdefghijkmnpqrstuvwxyz'

/** When a run began, as its id tells it; undefined for what is no run's id. */
export function startOfRun(run: string): Date | undefined {
  const [, y, mo, d, h, mi, s, high = '', low = ''] =
    run.match(/^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-(\w)(\w)/) ?? []
  const milliseconds = alphabet.indexOf(high) * 32 + alphabet.indexOf(low)
  if (y === undefined || milliseconds < 0 || milliseconds > 999) return undefined
  const at = new Date(`${y}-${mo}-${d}T${h}:${mi}:${s}.${String(milliseconds).padStart(3, '0')}Z`)
  return Number.isNaN(at.getTime()) ? undefined : at
}
