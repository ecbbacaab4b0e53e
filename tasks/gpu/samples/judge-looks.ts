import { quantile } from '../../../lib/stats/quantile.ts'
import type { GpuProcess, Look, ThrottleReason } from '../telemetry/telemetry.ts'

/** What was seen of a card about one sample. */
export interface Looks {
  readonly before: readonly Look[]
  /** None where it was over before the first. */
  readonly during: readonly Look[]
  readonly after: readonly Look[]
}

/** What speaks against a sample. */
export interface Mark {
  readonly kind: keyof typeof spoils
  readonly text: string
}

/** Whether another sample is worth taking in its place. */
const spoils = {
  throttled: true,
  'clock moved': true,
  shared: true,
  // The card is as fast as it is allowed to be, and would be no faster the next time.
  held: false,
  'not watched': false,
} as const

export function isSpoilt(marks: readonly Mark[]): boolean {
  return marks.some(({ kind }) => spoils[kind])
}

const harmless: readonly ThrottleReason[] = ['idle']
/** Limits that somebody set: they hold at all times, and evenly. */
const limits: readonly ThrottleReason[] = ['software power cap', 'application clocks', 'display clocks']

/** The greatest clock over the least, beyond 1, that is still one clock. */
const steadyClock = 0.03

/** `own`: the processes whose work the sample is. */
export function marksOf({ before, during, after }: Looks, own: readonly number[]): readonly Mark[] {
  const all = [...before, ...during, ...after]
  const lost = all.find((look) => look.state === 'lost')
  if (lost !== undefined) return [{ kind: 'not watched', text: lost.sentence }]
  const seen = seenOf(during.length > 0 ? during : [...before, ...after])
  return [
    ...throttleMarks(seen.map(({ throttle }) => throttle)),
    ...clockMark(clocksAtWork(seen)),
    ...sharedMark(
      seenOf(all).map(({ processes }) => processes),
      own,
    ),
  ]
}

/** What of a look another sample would be spoilt by as well. */
export function stillSpoilt(look: Look, own: readonly number[]): boolean {
  return isSpoilt(marksOf({ before: [look], during: [], after: [] }, own))
}

/** MHz in the middle of what was seen of the card at work; undefined where that can't be known. */
export function clockOf({ before, during, after }: Looks): number | undefined {
  const clocks = clocksAtWork(seenOf(during.length > 0 ? during : [...before, ...after]))
  return clocks.length === 0 ? undefined : quantile(clocks, 0.5)
}

type Seen = Extract<Look, { readonly state: 'seen' }>

function seenOf(looks: readonly Look[]): readonly Seen[] {
  return looks.filter((look) => look.state === 'seen')
}

/** An idle card lowers its clocks. */
function clocksAtWork(seen: readonly Seen[]): readonly number[] {
  return seen.flatMap(({ smClock, throttle }) => (smClock === undefined || throttle?.includes('idle') ? [] : [smClock]))
}

function throttleMarks(found: readonly (readonly ThrottleReason[] | undefined)[]): readonly Mark[] {
  const known = found.filter((reasons) => reasons !== undefined)
  if (known.length === 0) return [{ kind: 'not watched', text: 'what holds the clocks down is not told' }]
  const reasons = [...new Set(known.flat())].filter((reason) => !harmless.includes(reason))
  const [held, bad] = [reasons.filter((one) => limits.includes(one)), reasons.filter((one) => !limits.includes(one))]
  return [
    ...(bad.length > 0 ? [{ kind: 'throttled', text: `throttled: ${bad.join(', ')}` } as const] : []),
    ...(held.length > 0 ? [{ kind: 'held', text: `clocks held by: ${held.join(', ')}` } as const] : []),
  ]
}

function clockMark(clocks: readonly number[]): readonly Mark[] {
  const [least, most] = [Math.min(...clocks), Math.max(...clocks)]
  if (clocks.length < 2 || most <= least * (1 + steadyClock)) return []
  const percent = ((100 * most) / least - 100).toFixed(0)
  return [{ kind: 'clock moved', text: `the SM clock moved between ${least} and ${most} MHz, by ${percent} %` }]
}

function sharedMark(found: readonly Seen['processes'][], own: readonly number[]): readonly Mark[] {
  const known = found.filter((processes) => processes !== undefined)
  if (known.length === 0) return [{ kind: 'not watched', text: 'who else uses the card is not told' }]
  const others = known.map((processes) => othersIn(processes, own)).find((text) => text !== undefined)
  return others === undefined ? [] : [{ kind: 'shared', text: others }]
}

/**
 * Only who holds a compute context counts: whatever draws a desktop is always there, and mostly idle. In a container a process may go by
 * another number outside of it; where none of ours is listed, as many are taken for ours as we have.
 */
function othersIn(processes: readonly GpuProcess[], own: readonly number[]): string | undefined {
  const computing = processes.filter(({ kind }) => kind === 'compute')
  if (processes.some(({ pid }) => own.includes(pid))) {
    const others = computing.filter(({ pid }) => !own.includes(pid))
    return others.length === 0 ? undefined : `another process uses the card: ${pids(others)}`
  }
  if (computing.length <= own.length) return undefined
  const ours = own.length === 0 ? '' : `, of which ${own.length} may be ours under another number`
  return `another process uses the card: ${pids(computing)}${ours}`
}

function pids(processes: readonly GpuProcess[]): string {
  const shown = processes.slice(0, 5).map(({ pid }) => pid)
  return `${shown.join(', ')}${processes.length > shown.length ? ' …' : ''}`
}
