import type { Outcome } from '../../record/event.ts'
import type { RunRecord } from '../../record/run-record.ts'
import { endedSteps } from '../ends.ts'

/** What a run did when. */
export interface Schedule {
  /** In seconds; never 0. */
  readonly span: number
  readonly rows: readonly Row[]
  /** The rows that the end of the run waited for: each needs the one before it, and no other of its needs ended later. */
  readonly longest: readonly Row[]
}

/** A step or a service; `bar` is undefined where nothing ran. */
export interface Row {
  readonly name: string
  readonly kind: 'service' | 'step' | 'check' | 'measure'
  readonly outcome: Outcome
  readonly needs: readonly string[]
  readonly reused: boolean
  readonly bar: Bar | undefined
}

/** In seconds since the run was started, or resumed. */
export interface Bar {
  readonly start: number
  readonly duration: number
}

export function scheduleOf(record: RunRecord): Schedule {
  const { heading, ended, services } = record
  const origin = Date.parse(heading.at)
  // A clock that was set back meanwhile makes a start before the run's own.
  const since = (at: string | undefined) => Math.max(0, (Date.parse(at ?? '') - origin) / 1000 || 0)

  const ends = endedSteps(record)
  const last = ends.reduce(
    (end, { startedAt, ended }) =>
      ended.reused ? end : Math.max(end, since(ended.started ?? startedAt) + ended.duration),
    0,
  )
  const over = ended?.duration ?? last
  const steps = ends.map(({ name, kind, needs, startedAt, ended }): Row => {
    const reused = ended.reused === true
    const start = since(ended.started ?? startedAt)
    // Of a step that has no end nobody saw more than that others ended meanwhile.
    const duration = ended.at === '' ? Math.max(0, over - start) : ended.duration
    const ran = !reused && (ended.attempts > 0 || (ended.at === '' && startedAt !== undefined))
    return { name, kind, needs, reused, outcome: ended.outcome, bar: ran ? { start, duration } : undefined }
  })
  const upTo = services.map(({ at }) => since(at)).reduce((a, b) => Math.max(a, b), Math.max(over, last))
  const up = serviceNames(record).map((name) => serviceRow(record, name, since, upTo))
  return { span: Math.max(upTo, 1e-3), rows: [...up, ...steps], longest: longestOf(steps) }
}

function serviceNames({ services }: RunRecord): readonly string[] {
  return [...new Set(services.map(({ name }) => name))]
}

function serviceRow({ services }: RunRecord, name: string, since: (at: string) => number, upTo: number): Row {
  const own = services.filter((event) => event.name === name)
  const start = since(own[0]?.at ?? '')
  const stopped = own.findLast(({ state }) => state === 'stopped' || state === 'errored')
  const end = stopped === undefined ? upTo : since(stopped.at)
  const outcome = own.some(({ state }) => state === 'errored') ? 'errored' : 'passed'
  return {
    name,
    kind: 'service',
    outcome,
    needs: [],
    reused: false,
    bar: { start, duration: Math.max(0, end - start) },
  }
}

function longestOf(steps: readonly Row[]): readonly Row[] {
  const byName = new Map(steps.map((row) => [row.name, row]))
  const endOf = ({ bar }: Row) => (bar === undefined ? -1 : bar.start + bar.duration)
  const last = (rows: readonly Row[]) =>
    rows.reduce<Row | undefined>(
      (a, b) => (b.bar !== undefined && (a === undefined || endOf(b) > endOf(a)) ? b : a),
      undefined,
    )
  const path = new Set<Row>()
  // A damaged journal may tell of a circle.
  for (let at = last(steps); at !== undefined && !path.has(at); at = last(needed(at))) path.add(at)
  return [...path].reverse()

  function needed({ needs }: Row): readonly Row[] {
    return needs.flatMap((need) => byName.get(need) ?? [])
  }
}

/** A handful of times to mark on an axis of `span` seconds, at round distances. */
export function ticks(span: number): readonly number[] {
  const distance = distances.find((distance) => span / distance <= 8) ?? 10 ** Math.ceil(Math.log10(span / 8))
  return Array.from({ length: Math.floor(span / distance) + 1 }, (_, index) => index * distance)
}

const distances = [
  ...[0.001, 0.01, 0.1, 1].flatMap((power) => [1, 2, 5].map((times) => times * power)),
  ...[10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400],
]
