import { join } from 'node:path'
import { cannot } from '../plan/problem.ts'
import { fileStore } from '../record/files.ts'
import { type HistoryEntry, historyOf } from '../record/history.ts'
import type { RunIndex } from '../record/index-queries.ts'
import { readRefusals } from '../record/refused.ts'
import { formatDuration } from '../report/format.ts'
import { columns } from './columns.ts'
import { commonFlags, type Flags, flagLines, parseFlags } from './flags.ts'
import {
  leftOutText,
  mostRuns,
  overview,
  refuseUnknownMetric,
  shownTrends,
  trendJson,
  trendText,
} from './history-metrics.ts'
import { indexed } from './indexed.ts'
import { unknownPlan } from './load.ts'
import { machineZone } from './machine-zone.ts'
import { type Places, placesOf, planNames } from './places.ts'
import { writeTo } from './print.ts'
import { goesOn } from './running.ts'
import { readState } from './schedule-state.ts'

const flags = {
  last: { type: 'string', value: 'N', help: 'so many lines (default 20; with --json all)' },
  metric: { type: 'string', value: 'M', help: 'what runs found of this metric, and where it moved' },
  across: { type: 'boolean', help: 'numbers of all machines in one row; else those of the machine of the newest' },
  json: { type: 'boolean', help: 'prints JSON lines' },
  ...commonFlags,
} as const satisfies Flags

const words = `Shows what happened to plans, oldest first; times are UTC

  PLAN         only this one

Beside a run's outcome: running; interrupted, its journal has no end; overlapped, the lock of another run kept it out;
missed, a scheduled time since schedule install within 20 minutes of which nothing started. The duration of a run that was
resumed is that of its sittings together.

Of a plan's metrics: the value with its interval, over that of the run before and over the baseline, and where the level moved
further than chance would have it once in 500 times, of all metrics together; of one alone with --metric. That takes some 13 runs.
Runs with other parameters are left out.

flags
`

type Row = HistoryEntry & { readonly plan: string }

/** `history`: every run of a plan, and those that should have been; what they found of its metrics. */
export function run(args: readonly string[]): number {
  const { values, positionals } = parseFlags('history', flags, args)
  if (values.help) {
    writeTo(1, words + flagLines(flags))
    return 0
  }
  const [plan, more] = positionals
  if (more !== undefined) throw cannot('show the history', 'PLAN', 'one plan or none', positionals.join(' '))
  if (values.across && plan === undefined && values.metric === undefined)
    throw cannot('show the history', '--across', 'given with a PLAN or --metric', 'given without')
  const last = values.last === undefined ? undefined : lastOf(values.last)
  const places = placesOf(values.dir)
  const asked = { metric: values.metric, across: values.across ?? false, json: values.json ?? false }
  const plans = plansOf(places, plan)
  writeTo(
    1,
    indexed(places, tell, (index) => textOf(places, index, { ...asked, plans, plan, last })),
  )
  return 0
}

interface Asked {
  readonly plans: readonly string[]
  /** The only one. */
  readonly plan: string | undefined
  readonly metric: string | undefined
  readonly across: boolean
  readonly json: boolean
  readonly last: number | undefined
}

function textOf(places: Places, index: RunIndex, { plans, plan, metric, across, json, last }: Asked): string {
  if (metric !== undefined) {
    const found = plans.map((plan) => shownTrends(places, index, plan, { metric, across }))
    const shown = found.flatMap(({ shown }) => shown)
    if (shown.length === 0) refuseUnknownMetric(index, plans, metric)
    if (json) return shown.map((one) => trendJson(one, last ?? mostRuns)).join('')
    const tables = found.map(({ shown, leftOut }) =>
      [...shown.map((one) => trendText(one, last ?? 20)), leftOutText(leftOut)].filter(Boolean).join('\n'),
    )
    return tables.filter(Boolean).join('\n')
  }
  const rows = rowsOf(places, index, plans)
  if (json)
    return rows
      .slice(-(last ?? rows.length))
      .map((row) => `${JSON.stringify(row)}\n`)
      .join('')
  if (rows.length === 0) return `Nothing has run yet. Run a plan: ${places.command('plan')}\n`
  const shown = inOneLine(rows).slice(-(last ?? 20))
  const table = columns([['plan', 'started', 'duration', 'outcome', 'exit', 'run'], ...shown.map(cellsOf)], '')
  if (plan === undefined) return table
  const metrics = overview(shownTrends(places, index, plan, { across }), places.command('history'))
  return metrics === '' ? table : `${table}\n${metrics}`
}

function tell(line: string): void {
  writeTo(2, line)
}

function lastOf(given: string): number {
  if (/^[1-9]\d*$/.test(given)) return Number(given)
  throw cannot('show the history', '--last', 'a whole number from 1', given)
}

/** All that have runs or a schedule, or the one that is asked for. */
function plansOf(places: Places, only: string | undefined): readonly string[] {
  const known = [...new Set([...fileStore(places.runs).plans(), ...Object.keys(readState(places).plans)])]
  if (only === undefined) return known
  if (!known.includes(only) && !planNames(places).includes(only)) throw unknownPlan(places, only)
  return [only]
}

function rowsOf(places: Places, index: RunIndex, plans: readonly string[]): readonly Row[] {
  const state = readState(places).plans
  const rows = plans.flatMap((plan): readonly Row[] => {
    const folder = join(places.runs, plan)
    const kept = state[plan]
    const entries = historyOf(index.runs(plan), {
      refusals: readRefusals(folder),
      kept: kept && { timetable: { cron: kept.cron, zone: kept.zone }, since: new Date(kept.since) },
      goesOn: (run) => goesOn(folder, run),
      machineZone: machineZone(),
      now: new Date(),
    })
    return entries.map((entry) => ({ plan, ...entry }))
  })
  return rows.sort((a, b) => a.at.getTime() - b.at.getTime())
}

/** A row and how many times like it followed at once. */
interface Line {
  readonly row: Row
  readonly times: number
  readonly last: Date
}

/** A plan that is missed for a week takes one line. */
function inOneLine(rows: readonly Row[]): readonly Line[] {
  const lines: Line[] = []
  for (const row of rows) {
    const before = lines.at(-1)
    if (before?.row.kind === 'missed' && row.kind === 'missed' && before.row.plan === row.plan)
      lines[lines.length - 1] = { ...before, times: before.times + 1, last: row.at }
    else lines.push({ row, times: 1, last: row.at })
  }
  return lines
}

function cellsOf({ row, times, last }: Line): readonly string[] {
  const at = shown(row.at)
  switch (row.kind) {
    case 'run':
      return [
        row.plan,
        at,
        row.duration === undefined ? '' : formatDuration(row.duration),
        row.sittings === 1 ? row.outcome : `${row.outcome}, resumed ${often(row.sittings - 1)}`,
        row.exit === undefined ? '' : String(row.exit),
        row.run,
      ]
    case 'overlapped':
      return [row.plan, at, '', 'overlapped', '75', row.holder === undefined ? '' : `kept out by ${row.holder}`]
    case 'missed':
      return [row.plan, at, '', 'missed', '', times === 1 ? '' : `${times} times, the last ${shown(last)}`]
  }
}

function often(times: number): string {
  return times === 1 ? 'once' : times === 2 ? 'twice' : `${times} times`
}

function shown(at: Date): string {
  return at.toISOString().slice(0, 19).replace('T', ' ')
}
