import { cannot, messageOf } from './problem.ts'

/**
 * When a plan should run by itself: a cron expression (five fields or a nickname like `@daily`), in the zone of the machine
 * or in one that is named.
 *
 *     schedule: '30 2 * * mon-fri'
 *     schedule: { cron: '@daily', zone: 'Europe/Berlin' }
 */
export type Schedule = string | { readonly cron: string; readonly zone: string }

/** A schedule that is known to be right. */
export interface Timetable {
  readonly cron: string
  /** Undefined: the machine's. */
  readonly zone: string | undefined
}

/** Throws a Problem for what is no cron expression, for one that no date ever meets, and for a zone that nobody knows. */
export function timetableOf(plan: string, schedule: Schedule): Timetable {
  const { cron, zone } = typeof schedule === 'string' ? { cron: schedule, zone: undefined } : schedule
  const action = `schedule ${plan}`
  const rule = "a cron expression like '30 2 * * mon-fri' or '@daily'"
  // The compiler holds it for those who ask it.
  const fault = typeof cron === 'string' ? faultOf(cron) : 'It is text'
  if (fault !== undefined) throw cannot(action, 'schedule', rule, cron, fault)
  if (zone !== undefined && !isZone(zone))
    throw cannot(action, 'schedule.zone', "a time zone like 'Europe/Berlin'", zone)
  try {
    // Leap years come round in eight years at most, which is as far as is looked.
    if (Bun.cron.parse(cron, new Date(0), { tz: zone ?? 'UTC' }) === null)
      throw cannot(action, 'schedule', 'met by some date', cron)
  } catch (error) {
    if (error instanceof TypeError) throw cannot(action, 'schedule', rule, cron, messageOf(error).replace(/^.*?: /, ''))
    throw error
  }
  return { cron: cron.trim().replace(/\s+/g, ' '), zone }
}

/**
 * The times after `from`, soonest first; endless. A time that a clock skips in spring comes later by as much, one that it
 * shows twice in autumn counts the first time; a `*` for the minute or the hour goes by what has passed and not by the clock.
 */
export function* timesAfter({ cron, zone }: Timetable, from: Date, machineZone: string): Generator<Date, void> {
  // Bun finds what a clock skips only from before that, so that what comes after a moment would depend on the moment.
  const before = new Date(from.getTime() - 4 * 3_600_000)
  for (let at = next(before); at !== null; at = next(at)) if (at > from) yield at

  function next(after: Date): Date | null {
    return Bun.cron.parse(cron, after, { tz: zone ?? machineZone })
  }
}

/** The times after `from` and up to `until`. */
export function timesBetween(timetable: Timetable, from: Date, until: Date, machineZone: string): readonly Date[] {
  const times: Date[] = []
  for (const at of timesAfter(timetable, from, machineZone)) {
    if (at > until) break
    times.push(at)
  }
  return times
}

/** `2026-11-21 02:30`, as a clock in the zone shows it. */
export function clockTime(at: Date, zone: string): string {
  return at.toLocaleString('sv-SE', { timeZone: zone }).slice(0, 16)
}

/** How far the clock of the zone is ahead of UTC then, in milliseconds. */
export function zoneOffset(at: Date, zone: string): number {
  return Date.parse(`${at.toLocaleString('sv-SE', { timeZone: zone })}Z`) - Math.floor(at.getTime() / 1000) * 1000
}

const nicknames = ['@hourly', '@daily', '@midnight', '@weekly', '@monthly', '@yearly', '@annually']

/** What every cron daemon understands alike, which is less than Bun's parser takes. */
function faultOf(cron: string): string | undefined {
  const [minute, hour, day = '', month, weekday = '', ...more] = cron.trim().split(/\s+/)
  if (minute?.startsWith('@') && hour === undefined)
    return nicknames.includes(minute) ? undefined : `It has ${nicknames.join(', ')}`
  if (minute === undefined || hour === undefined || month === undefined || weekday === '' || more.length > 0)
    return 'It has five fields: minute hour day month weekday'
  const wrong = [minute, hour, day, month, weekday].find(
    (field) => !field.split(',').every((part) => partPattern.test(part)),
  )
  if (wrong !== undefined) return `'${wrong}' is none of *, 5, 1-5, mon, */15, 1-30/2 or several of them with commas`
  // `*/2` there: some daemons take both for needed, some either.
  if ((day.startsWith('*/') && weekday !== '*') || (weekday.startsWith('*/') && day !== '*'))
    return 'A step of days beside a restricted weekday means different days to different cron daemons'
  return undefined
}

const value = '(?:\\d{1,2}|[a-z]{3})'
const partPattern = new RegExp(`^(?:${value}|(?:\\*|${value}-${value})(?:/\\d{1,2})?)$`, 'i')

function isZone(zone: string): boolean {
  try {
    Bun.cron.parse('@daily', new Date(0), { tz: zone })
    return true
  } catch {
    return false
  }
}
