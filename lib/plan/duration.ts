import { cannot } from './problem.ts'

const milliseconds = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 } as const
const bytes = { kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 } as const

/** A span of time as one says it: `'30 s'`. */
export type Duration = `${number} ${keyof typeof milliseconds}`

/** An amount of data as one says it, in powers of ten: `'2 GB'`. */
export type Bytes = `${number} ${keyof typeof bytes}`

/** In milliseconds. */
export function parseDuration(duration: Duration, what = 'timeout'): number {
  return scale(duration, milliseconds, what, "like '30 s' (ms, s, min or h)")
}

/** In bytes. */
export function parseBytes(amount: Bytes, what = 'disk'): number {
  return scale(amount, bytes, what, "like '2 GB' (kB, MB, GB or TB)")
}

function scale(said: string, units: Readonly<Record<string, number>>, what: string, rule: string): number {
  const [, number = '', unit = ''] = /^(\S+) (\w+)$/.exec(said) ?? []
  const value = Number(number) * (Object.hasOwn(units, unit) ? (units[unit] ?? Number.NaN) : Number.NaN)
  if (number === '' || !Number.isFinite(value) || value < 0) throw cannot('read a plan', what, rule, said)
  return value
}
