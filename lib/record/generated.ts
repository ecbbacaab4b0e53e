import { tmpdir } from 'node:os'
import type { Json } from '../plan/json.ts'
import type { RunRecord } from './run-record.ts'

// What differs between two runs that came to the same, and how each is told from a result:
//   run ids            the run's own, with the folder its runs lie in, and a counter right behind it or behind the next name
//   times              ISO 8601, also as in a file name; numbers that are a moment within a day of the run
//   durations          numbers under a name that says so: seconds, duration, elapsed, …Seconds, …Ms, …_s, …_ms
//   ports              of loopback addresses
//   generated names    the first folder below the temporary one, UUIDs, and hex digits in groups of 8 and 12
// A hash of content has 32 hex digits or more in a row, so it stays.

const time = /\d{4}-?\d\d-?\d\dT\d\d[-:]?\d\d[-:]?\d\d(?:[-.,]?\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?/g
const loopback = /(\b127(?:\.\d{1,3}){3}|\blocalhost|\[::1\]):\d{1,5}\b/g
const uuid = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi
const hexName = /\b[0-9a-f]{8}-[0-9a-f]{12}\b/g
const durationName = /^(?:seconds|duration|elapsed|took|ms)$|(?:Seconds|Duration|Elapsed|Ms|_s|_ms|_seconds)$/
const day = 24 * 3600 * 1000

/** A value of a run's with everything replaced that another run would have made otherwise. */
export function steadied(value: Json, { heading, startedAt, ended }: RunRecord): Json {
  const { plan, run } = heading
  const from = Date.parse(startedAt) - day
  const to = Date.parse(ended?.at ?? heading.at) + day
  const folder = new RegExp(`[^\\s"']*/${escaped(plan)}/(?=${escaped(run)})`, 'g')
  const own = new RegExp(`${escaped(run)}(?:-\\d{1,3}(?!\\w))?(?:(/[A-Za-z_.]+)-\\d{1,3}(?!\\w))?`, 'g')
  const temporary = new RegExp(`${escaped(tmpdir())}/[^/\\s"']+`, 'g')

  function textOf(text: string): string {
    return text
      .replace(folder, `…/${plan}/`)
      .replace(own, '<run>$1')
      .replace(temporary, '<temporary>')
      .replace(time, '<time>')
      .replace(loopback, '$1:<port>')
      .replace(uuid, '<uuid>')
      .replace(hexName, '<hex>')
  }

  function walk(value: Json, name: string): Json {
    if (typeof value === 'string') return textOf(value)
    if (typeof value === 'number')
      return value > from && value < to ? '<time>' : durationName.test(name) ? '<duration>' : value
    if (Array.isArray(value)) return value.map((item) => walk(item, name))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [textOf(key), walk(part ?? null, key)]))
  }
  return walk(value, '')
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
