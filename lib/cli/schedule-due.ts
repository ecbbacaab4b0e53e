import { cannot } from '../plan/problem.ts'
import { timesAfter } from '../plan/schedule.ts'
import { libc } from '../shell/libc.ts'
import { machineZone } from './machine-zone.ts'
import { claimStdout } from './output.ts'
import type { Places } from './places.ts'
import { writeTo } from './print.ts'
import { type ScheduleFlags, tellers } from './schedule-flags.ts'
import { changeState, type KeptPlan, keptFrom, readState } from './schedule-state.ts'
import { type ScheduledPlan, scheduledPlans } from './scheduled-plans.ts'

/** Names what is due, one plan a line, or runs it. */
export async function due(places: Places, names: readonly string[], flags: ScheduleFlags): Promise<number> {
  const now = timeOf(flags.at)
  const zone = machineZone()
  if (flags.run) return runDue(places, names, now, zone, flags)
  const { stdout } = claimStdout('schedule', []) // plans are imported, and may print
  const { plans, problems } = await scheduledPlans(places, names, readState(places))
  const window = lastQuarter(now)
  const found = plans.filter((plan) => isDue(plan, window, zone))
  for (const { name } of found) stdout.write(`${name}\n`)
  await stdout.flush()
  const [from, until] = [window.from, window.until].map((time) => time.toISOString().slice(0, 16).replace('T', ' '))
  // Not on stdout, whose lines are plans to who reads them.
  if (found.length === 0) writeTo(2, `Nothing is due: no time of a schedule came from ${from} to ${until} UTC\n`)
  return told(problems)
}

async function runDue(
  places: Places,
  names: readonly string[],
  now: Date,
  zone: string,
  flags: ScheduleFlags,
): Promise<number> {
  const { plans, problems } = await scheduledPlans(places, names, readState(places))
  const claimed = claim(places, plans, now, zone)
  if (claimed.length === 0) {
    // To a person alone: cron asks every 15 minutes, and keeps what is said.
    if (libc().isTerminal(2)) writeTo(2, 'Nothing has become due since this was asked last\n')
    return told(problems)
  }
  const { runChosen } = await import('./run-plans.ts')
  const given = tellers.flatMap((name) => (flags[name] === undefined ? [] : [[name, flags[name]]]))
  return runChosen(places, claimed, Object.fromEntries(given))
}

function told(problems: readonly string[]): number {
  for (const problem of problems) writeTo(2, `${problem}\n`)
  return problems.length === 0 ? 0 : 2
}

/** From when, exclusive, to when. */
export interface Window {
  readonly from: Date
  readonly until: Date
}

const quarterMs = 15 * 60_000
const dayMs = 24 * 3_600_000

/** The quarter of an hour that ended last: who asks once in each has asked for every time once, however late in it. */
export function lastQuarter(now: Date): Window {
  const until = Math.floor(now.getTime() / quarterMs) * quarterMs
  return { from: new Date(until - quarterMs), until: new Date(until) }
}

/**
 * From when it was asked last until now, so that a late question loses nothing and a second one repeats nothing; but at most
 * a day, since a machine that was off for a week has one night to catch up on. A clock that was an hour ahead was wrong.
 */
export function sinceAsked(kept: KeptPlan | undefined, now: Date): Window {
  const last = kept && new Date(kept.asked ?? kept.since).getTime()
  const known = last !== undefined && last < now.getTime() + 3_600_000
  const from = known ? Math.max(last, now.getTime() - dayMs) : now.getTime() - quarterMs
  return { from: new Date(from), until: now }
}

/** The names of those that are due; they count as asked for from here on, before they run: better missed than run twice. */
export function claim(places: Places, plans: readonly ScheduledPlan[], now: Date, zone: string): readonly string[] {
  return changeState(places, (state) => {
    const found: string[] = []
    const kept = { ...state.plans }
    for (const plan of plans) {
      const before = state.plans[plan.name]
      const window = sinceAsked(before, now)
      if (isDue(plan, window, zone)) found.push(plan.name)
      // Never back, where the clock was set a little back.
      const asked = window.from > now ? window.from : now
      kept[plan.name] = { ...keptFrom(before, plan.timetable, now), asked: asked.toISOString() }
    }
    return { plans: kept, result: found }
  })
}

function isDue({ timetable }: ScheduledPlan, { from, until }: Window, zone: string): boolean {
  const [next] = timesAfter(timetable, from, zone)
  return next !== undefined && next <= until
}

function timeOf(given: string | undefined): Date {
  if (given === undefined) return new Date()
  const at = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/.test(given)
    ? Date.parse(given)
    : Number.NaN
  if (Number.isNaN(at))
    throw cannot('ask what is due', '--at', 'a time like 2026-11-21T02:30 or 2026-11-21T02:30Z', given)
  return new Date(at)
}
