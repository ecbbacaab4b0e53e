import * as v from 'valibot'
import { type Timetable, timesBetween, zoneOffset } from '../plan/schedule.ts'
import { type Outcome, type RunEvent, runEvent } from './event.ts'
import { wholeLength } from './journal.ts'
import type { Refusal } from './refused.ts'
import { startOfRun } from './run-id.ts'
import type { Store } from './store.ts'

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

/** What happened to a plan, oldest first. */
export function historyOf(
  store: Store,
  plan: string,
  { refusals, kept, goesOn, machineZone, now }: HistoryOptions,
): readonly HistoryEntry[] {
  const runs = store.runs(plan).flatMap((run): readonly HistoryEntry[] => {
    const at = startOfRun(run)
    // A folder that is not called like a run is not one of ours.
    return at === undefined ? [] : [{ kind: 'run', at, run, ...toldBy(store.read(plan, run) ?? '', () => goesOn(run)) }]
  })
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

/** What a journal tells of its run, by the first and the last line of each sitting: with many runs reading all takes long. */
function toldBy(journal: string, goesOn: () => boolean) {
  const whole = journal.slice(0, wholeLength(journal)).trimEnd()
  const sittings = whole.split(/\n(?=\{"event":"run-resumed")/).map(sittingOf)
  const end = sittings.at(-1)?.end
  if (end === undefined)
    return {
      outcome: goesOn() ? 'running' : 'interrupted',
      sittings: sittings.length,
      duration: undefined,
      exit: undefined,
    } as const
  const duration = sittings.reduce((sum, { seconds }) => sum + seconds, 0)
  return { outcome: end.outcome, sittings: sittings.length, duration, exit: end.exit }
}

/** The end of a sitting, if it has one, and how long it took: of one that was killed, until the last that is known of it. */
function sittingOf(lines: string) {
  const last = eventOf(lines.slice(lines.lastIndexOf('\n') + 1))
  if (last?.event === 'run-ended') return { end: last, seconds: last.duration }
  const first = eventOf(lines.split('\n', 1)[0] ?? '')
  const ms = Date.parse(last?.at ?? '') - Date.parse(first?.at ?? '')
  return { end: undefined, seconds: Math.max(0, ms || 0) / 1000 }
}

function eventOf(line: string): RunEvent | undefined {
  try {
    const event = v.safeParse(runEvent, JSON.parse(line))
    return event.success ? event.output : undefined
  } catch {
    return undefined // a damaged journal is told to whoever asks for that run
  }
}

function byTime(a: HistoryEntry, b: HistoryEntry): number {
  return a.at.getTime() - b.at.getTime()
}
