import * as v from 'valibot'
import { medianInterval } from '../stats/median-interval.ts'
import { summarize } from '../stats/summary.ts'
import { type Heading, type MetricRecord, type Outcome, type RunEvent, runEvent, type StepEnded } from './event.ts'
import { wholeLength } from './journal.ts'
import type { MetricHistory, MetricTrend } from './metric-history.ts'

/** What histories tell of a run. */
export interface RunDigest {
  /** Undefined: the last sitting has no end. So are the duration and the exit code then. */
  readonly outcome: Outcome | undefined
  /** How often somebody began it or went on with it. */
  readonly sittings: number
  /** Of all its sittings together, in seconds. */
  readonly duration: number | undefined
  readonly exit: number | undefined
  /** When it began, in ISO 8601; empty where its first line cannot be read. */
  readonly at: string
  readonly commit: string | undefined
  readonly machine: string | undefined
  /** As JSON with the names sorted, to be compared as text. */
  readonly params: string
  readonly metrics: readonly DigestMetric[]
}

export type DigestMetric = Omit<MetricTrend, 'history'> &
  Pick<MetricHistory, 'value' | 'low' | 'high' | 'n' | 'verdict'>

/**
 * What a journal's text tells of its run, by the first and the last line of each sitting and those of measures in the newest: with
 * many runs, parsing all takes long. A damaged line is left out; it is told to whoever asks for that run.
 */
export function digestOf(journal: string): RunDigest {
  const whole = journal.slice(0, wholeLength(journal)).trimEnd()
  const sittings = whole.split(/\n(?=\{"event":"run-resumed")/)
  const told = sittings.map(sittingOf)
  const [first, newest] = [told[0], told.at(-1)]
  const end = newest?.end
  const heading = newest?.heading
  const { commit, machine } = heading?.environment ?? {}
  return {
    outcome: end?.outcome,
    sittings: sittings.length,
    duration: end && told.reduce((sum, { seconds }) => sum + seconds, 0),
    exit: end?.exit,
    at: first?.heading?.at ?? '',
    commit,
    machine,
    params: paramsKey(heading?.params ?? {}),
    metrics: metricsIn(sittings.at(-1) ?? ''),
  }
}

/** Parameters as a text that is the same for the same ones. */
export function paramsKey(params: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The start and the end of a sitting, as far as it has them, and how long it took: of one that was killed, until the last that is known of it. */
function sittingOf(lines: string) {
  const first = eventOf(lines.split('\n', 1)[0] ?? '')
  const last = eventOf(lines.slice(lines.lastIndexOf('\n') + 1))
  const heading: Heading | undefined =
    first?.event === 'run-started' || first?.event === 'run-resumed' ? first : undefined
  if (last?.event === 'run-ended') return { heading, end: last, seconds: last.duration }
  const ms = Date.parse(last?.at ?? '') - Date.parse(first?.at ?? '')
  return { heading, end: undefined, seconds: Math.max(0, ms || 0) / 1000 }
}

function metricsIn(sitting: string): readonly DigestMetric[] {
  const ends = new Map<string, StepEnded>()
  for (const line of sitting.split('\n')) {
    if (!line.startsWith('{"event":"step-ended"') || !line.includes('"metrics":[')) continue
    const event = eventOf(line)
    if (event?.event === 'step-ended') ends.set(event.step, event)
  }
  return [...ends.values()].flatMap(({ step, metrics = [] }) =>
    metrics.flatMap((metric) => digestOfMetric(step, metric)),
  )
}

function digestOfMetric(step: string, record: MetricRecord): readonly DigestMetric[] {
  const { name: metric, unit, better, samples, verdict } = record
  const value = record.value ?? summarize(samples)?.median
  if (value === undefined) return []
  const { low, high } = record.interval ?? medianInterval(samples) ?? {}
  return [{ step, metric, unit, better, value, low, high, n: samples.length, verdict }]
}

function eventOf(line: string): RunEvent | undefined {
  try {
    const event = v.safeParse(runEvent, JSON.parse(line))
    return event.success ? event.output : undefined
  } catch {
    return undefined
  }
}
