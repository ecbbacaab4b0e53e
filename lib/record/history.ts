import { type Timetable, timesBetween, zoneOffset } from '../plan/schedule.ts'
import type { Outcome } from './event.ts'
import type { IndexedRun } from './index-queries.ts'
import type { Refusal } from './refused.ts'
import { startOfRun } from './run-id.ts'

/** One thing that happened to a plan, or should have. */
export type HistoryEntry =
  | {
      readonly kind: 'run'
      readonly at: Date
      readonly run: string
      /** `interrupted`: its journal has no end, and nobody goes on with it. */
      readonly outcome: Outcome | 'running' | 'interrupted'
      /** How often somebody began it or went on with it. */
      readonly sittings: number
      /** Of all its sittings together; both are undefined where the last has no end. */
      readonly duration: number | undefined
      readonly exit: number | undefined
      readonly commit: string | undefined
    }
  /** Kept out by the lock. */
  | { readonly kind: 'overlapped'; readonly at: Date; readonly holder: string | undefined }
  /** A scheduled time at which nothing started. */
  | { readonly kind: 'missed'; readonly at: Date }

/** A timetable and since when it has been kept to. */
export interface Kept {
  readonly timetable: Timetable
  readonly since: Date
}

/** What happened to a plan, of which there are these runs, oldest first. */
export function historyOf(
  known: readonly IndexedRun[],
  { refusals, kept, goesOn, machineZone, now }: HistoryOptions,
): readonly HistoryEntry[] {
  const runs = known.flatMap(
    ({ run, outcome, sittings, duration, exit, commit }): readonly Extract<HistoryEntry, { kind: 'run' }>[] => {
      const at = startOfRun(run)
      // A folder that is not called like a run is not one of ours.
      if (at === undefined) return []
      const state = outcome ?? (goesOn(run) ? 'running' : 'interrupted')
      return [{ kind: 'run', at, run, outcome: state, sittings, duration, exit, commit }]
    },
  )
  const overlapped = refusals.map(({ at, holder }): HistoryEntry => ({ kind: 'overlapped', at: new Date(at), holder }))
  const started = [...runs, ...overlapped].sort(byTime)
  if (kept === undefined) return started
  // What was cleared away cannot be told from what never was.
  const oldest = runs[0]?.at
  const since = oldest !== undefined && oldest > kept.since ? oldest : kept.since
  const times = timesBetween(kept.timetable, since, now, machineZone)
  const missed = missedTimes(
    times,
    started.map(({ at }) => at),
    now,
    kept.timetable.zone ?? machineZone,
  )
  return [...started, ...missed.map((at): HistoryEntry => ({ kind: 'missed', at }))].sort(byTime)
}

export interface HistoryOptions {
  readonly refusals: readonly Refusal[]
  readonly kept: Kept | undefined
  /** Whether a process goes on with a run; asked of those without an end. */
  goesOn(run: string): boolean
  readonly machineZone: string
  readonly now: Date
}

/** A line that asks what is due comes every quarter of an hour, and the machine may be slow to start. */
const graceMs = 20 * 60_000

/** Those of the scheduled `times` at which nothing started, nor within the 20 minutes after; of later ones nobody can say yet. */
export function missedTimes(times: readonly Date[], starts: readonly Date[], now: Date, zone: string): readonly Date[] {
  let at = 0
  return times.filter((time, index) => {
    const next = times[index + 1]?.getTime() ?? Number.POSITIVE_INFINITY
    const from = time.getTime() - earlier(time, times[index - 1], zone)
    const until = Math.min(time.getTime() + graceMs, next)
    while (at < starts.length && (starts[at]?.getTime() ?? 0) < from) at++
    if (at < starts.length && (starts[at]?.getTime() ?? 0) < until) return false
    return now.getTime() >= time.getTime() + graceMs
  })
}

/** In spring cron runs at once what the clock skipped, which for us is due as much later as was skipped. */
function earlier(time: Date, before: Date | undefined, zone: string): number {
  const threeHours = 3 * 3_600_000
  if (before !== undefined && time.getTime() - before.getTime() <= threeHours) return 0
  return Math.max(0, zoneOffset(time, zone) - zoneOffset(new Date(time.getTime() - threeHours), zone))
}

function byTime(a: HistoryEntry, b: HistoryEntry): number {
  return a.at.getTime() - b.at.getTime()
}
