import type { Database } from 'bun:sqlite'
import type { Outcome, Verdict } from './event.ts'
import type { MetricHistory, MetricTrend } from './metric-history.ts'
import type { RunDigest } from './run-digest.ts'

/** A run as the index has it. */
export type IndexedRun = Pick<RunDigest, 'outcome' | 'sittings' | 'duration' | 'exit' | 'commit'> & {
  readonly run: string
}

/** Which runs' numbers are asked for. */
export interface TrendQuery {
  /** Those of this metric alone: its name, or that without the variant. */
  readonly metric?: string | undefined
  /** The run whose machine and parameters count, and the last that is asked for; the newest that has numbers when absent. */
  readonly run?: string | undefined
  /** Those of all machines. */
  readonly across?: boolean | undefined
  /** At most so many runs, the newest. */
  readonly limit: number
}

export interface Trends {
  /** In the order of the newest run that has them. */
  readonly trends: readonly MetricTrend[]
  /** Those of all these runs, as `paramsKey` has them; empty where there are none. */
  readonly params: string
  /** How many runs up to then have numbers that cannot be compared with these: of another machine, or of other parameters. */
  readonly leftOut: { readonly machine: number; readonly params: number }
}

/** What can be asked of the index. */
export interface RunIndex {
  /** A plan's runs, oldest first. */
  runs(plan: string): readonly IndexedRun[]
  trends(plan: string, query: TrendQuery): Trends
}

interface RunRow {
  readonly run: string
  readonly outcome: Outcome | null
  readonly sittings: number
  readonly duration: number | null
  readonly exit: number | null
  readonly commit_id: string | null
}

interface MetricRow extends Omit<MetricTrend, 'history'> {
  readonly run: string
  readonly at: string
  readonly commit_id: string | null
  readonly machine: string
  readonly value: number
  readonly low: number | null
  readonly high: number | null
  readonly n: number
  readonly verdict: Verdict
}

/** The questions, put to an index that is up to date. */
export function questions(db: Database): RunIndex {
  return {
    runs: (plan) =>
      db
        .query<RunRow, [string]>(
          'SELECT run, outcome, sittings, duration, exit, commit_id FROM runs WHERE plan = ? ORDER BY run',
        )
        .all(plan)
        .map(({ run, outcome, sittings, duration, exit, commit_id }) => ({
          run,
          outcome: outcome ?? undefined,
          sittings,
          duration: duration ?? undefined,
          exit: exit ?? undefined,
          commit: commit_id ?? undefined,
        })),
    trends: (plan, query) => trendsOf(db, plan, query),
  }
}

const ofMetric = `($metric IS NULL OR metric = $metric OR substr(metric, 1, length($metric) + 1) = $metric || '[')`

type Values = Record<string, string | number | null>

interface Subject {
  readonly run: string
  readonly machine: string
  readonly params: string
}

function trendsOf(db: Database, plan: string, { metric = null, run = null, across = false, limit }: Asked): Trends {
  const [subject] = db
    .query<Subject, [Values]>(
      `SELECT run, machine, params FROM runs
       WHERE plan = $plan AND measured AND ($run IS NULL OR run = $run)
         AND EXISTS (SELECT 1 FROM metrics WHERE metrics.id = runs.id AND ${ofMetric})
       ORDER BY run DESC LIMIT 1`,
    )
    .all({ $plan: plan, $run: run, $metric: metric })
  if (subject === undefined) return { trends: [], params: '', leftOut: { machine: 0, params: 0 } }
  const about = { $plan: plan, $run: subject.run, $machine: subject.machine, $params: subject.params }
  const rows = db
    .query<MetricRow, [Values]>(
      `SELECT run, at, commit_id, machine, step, metric, unit, better, value, low, high, n, verdict
       FROM (SELECT * FROM runs
             WHERE plan = $plan AND measured AND run <= $run AND params = $params AND ($across OR machine = $machine)
             ORDER BY run DESC LIMIT $limit)
       JOIN metrics USING (id) WHERE ${ofMetric} ORDER BY run DESC, place`,
    )
    .all({ ...about, $metric: metric, $across: across ? 1 : 0, $limit: limit })
  const [others] = db
    .query<{ machine: number | null; params: number | null }, [Values]>(
      `SELECT sum(machine <> $machine) AS machine, sum(params <> $params AND ($across OR machine = $machine)) AS params
       FROM runs WHERE plan = $plan AND measured AND run <= $run`,
    )
    .all({ ...about, $across: across ? 1 : 0 })
  return {
    trends: inTrends(rows),
    params: subject.params,
    leftOut: { machine: across ? 0 : (others?.machine ?? 0), params: others?.params ?? 0 },
  }
}

type Asked = { readonly [K in keyof TrendQuery]: TrendQuery[K] | null }

/** Newest first in, oldest first out. A metric that was measured in another unit before is another. */
function inTrends(rows: readonly MetricRow[]): readonly MetricTrend[] {
  const found = new Map<string, Omit<MetricTrend, 'history'> & { readonly history: MetricHistory[] }>()
  for (const { step, metric, unit, better, run, at, commit_id, machine, value, low, high, n, verdict } of rows) {
    const key = JSON.stringify([step, metric, unit])
    const trend = found.get(key) ?? { step, metric, unit, better, history: [] }
    found.set(key, trend)
    trend.history.push({
      run,
      at,
      ...(commit_id !== null && { commit: commit_id }),
      ...(machine !== '' && { machine }),
      value,
      ...(low !== null && { low }),
      ...(high !== null && { high }),
      n,
      verdict,
    })
  }
  return [...found.values()].map((trend) => ({ ...trend, history: trend.history.reverse() }))
}
