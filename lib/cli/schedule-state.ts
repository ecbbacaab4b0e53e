import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { cannot, messageOf } from '../plan/problem.ts'
import type { Timetable } from '../plan/schedule.ts'
import { writeWhole } from '../record/files.ts'
import { tryLock } from '../record/lock.ts'
import type { Places } from './places.ts'

const stateSchema = v.object({
  schema: v.literal(1),
  plans: v.record(
    v.string(),
    v.object({
      cron: v.string(),
      zone: v.optional(v.string()),
      /** Since when this schedule has been kept to. */
      since: v.string(),
      /** The crontab has its line. */
      installed: v.optional(v.boolean()),
      /** Up to when it was asked what is due. */
      asked: v.optional(v.string()),
    }),
  ),
})

/** `runs/schedule.json`: what cron was last told of each plan, for a plan that no longer loads and for the history. */
export interface ScheduleState extends v.InferOutput<typeof stateSchema> {}
export type KeptPlan = ScheduleState['plans'][string]

/** Throws a Problem for a file that is there and is not ours: to begin anew could run a night twice. */
export function readState({ runs }: Places): ScheduleState {
  const path = join(runs, 'schedule.json')
  if (!existsSync(path)) return { schema: 1, plans: {} }
  try {
    return v.parse(stateSchema, JSON.parse(readFileSync(path, 'utf8')))
  } catch (error) {
    throw cannot('read the schedule', path, 'as this Assay writes it', messageOf(error), 'Delete it to begin anew.')
  }
}

/** Changes the state while nobody else does; returns what `change` says beside it. */
export function changeState<T>(
  places: Places,
  change: (state: ScheduleState) => { readonly plans: ScheduleState['plans']; readonly result: T },
): T {
  mkdirSync(places.runs, { recursive: true })
  const fd = openSync(join(places.runs, '.schedule.lock'), 'w')
  try {
    // Whoever has it writes one small file.
    for (let left = 500; !tryLock(fd); left--) {
      if (left === 0) throw cannot('change the schedule', places.runs, 'changed by one at a time', 'locked for 5 s')
      Bun.sleepSync(10)
    }
    const { plans, result } = change(readState(places))
    writeWhole(join(places.runs, 'schedule.json'), `${JSON.stringify({ schema: 1, plans }, undefined, 2)}\n`)
    return result
  } finally {
    closeSync(fd)
  }
}

/** What is kept of a plan whose schedule is `timetable` now: since when, if it was that before. */
export function keptFrom(before: KeptPlan | undefined, timetable: Timetable, now: Date): KeptPlan {
  const { cron, zone } = timetable
  if (before !== undefined && isKept(before, timetable)) return before
  return { cron, ...(zone !== undefined && { zone }), since: now.toISOString() }
}

export function isKept(kept: KeptPlan, { cron, zone }: Timetable): boolean {
  return kept.cron === cron && kept.zone === zone
}
