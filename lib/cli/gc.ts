import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { cannot } from '../plan/problem.ts'
import { fileBaselines } from '../record/baseline-files.ts'
import { isLink } from '../record/below.ts'
import { fileStore } from '../record/files.ts'
import { thisProcess } from '../record/holder.ts'
import { forgetRefusals } from '../record/refused.ts'
import { digestOf } from '../record/run-digest.ts'
import { startOfRun } from '../record/run-id.ts'
import { formatBytes, several } from '../report/format.ts'
import { commonFlags, type Flags, flagLines, parseFlags } from './flags.ts'
import { folderSize } from './folder-size.ts'
import { type Places, placesOf } from './places.ts'
import { writeTo } from './print.ts'
import { goesOn } from './running.ts'
import { shownPath } from './shown-path.ts'
import { trimLog } from './trim-log.ts'
import { writing } from './writing.ts'

const flags = {
  keep: {
    type: 'string',
    value: '30d|10',
    help: 'what stays: the last days, or so many runs of each plan (default 30d)',
  },
  'dry-run': { type: 'boolean', help: 'says what would go; nothing is removed' },
  ...commonFlags,
} as const satisfies Flags

const words = `Removes old runs, and what has not been used as long of .assay/

Of runs/schedule.log the last 10 MB stay, and of the starts that a lock kept out those as old as the runs that stay.
Of a run that measured something the journal stays, which history, compare and report read, and of all later ones.
Never the newest run of a plan, never one that goes on, never a baseline's, never what takes long to make again of .assay/
(python, noise, the index of runs), never through a symbolic link.

flags
`

const journal = 'journal.jsonl'

/** Removes a folder, or all in it but the journal, and says so. */
type Remove = (path: string, what?: 'all' | 'all but the journal') => void

type Keep = { readonly kind: 'days'; readonly days: number } | { readonly kind: 'runs'; readonly runs: number }

/** `gc`: frees what old runs take. */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags('gc', flags, args)
  if (values.help) {
    writeTo(1, words + flagLines(flags))
    return 0
  }
  if (positionals[0] !== undefined) throw cannot('free disk', 'arguments', 'none', positionals[0])
  const places = placesOf(values.dir)
  const keep = keepOf(values.keep ?? '30d')
  const dry = values['dry-run'] ?? false
  let freed = 0
  let count = 0
  const remove: Remove = (path, what = 'all') => {
    const names = what === 'all' ? [''] : readdirSync(path).filter((name) => name !== journal)
    const entries = names.map((name) => join(path, name))
    const bytes = entries.reduce((sum, entry) => sum + folderSize(entry).bytes, 0)
    freed += bytes
    count++
    const but = what === 'all' ? '' : ' but its journal'
    writeTo(1, `${dry ? 'would remove' : 'removed'} ${shownPath(path)}${but}  ${formatBytes(bytes)}\n`)
    if (!dry) for (const entry of entries) rmSync(entry, { recursive: true, force: true })
  }
  let shortened = 0
  const cut = (path: string, bytes: number) => {
    if (bytes === 0) return
    freed += bytes
    shortened++
    writeTo(1, `${dry ? 'would remove' : 'removed'} the beginning of ${shownPath(path)}  ${formatBytes(bytes)}\n`)
  }
  if (!leftAlone(places.runs)) {
    const baselines = fileBaselines(places.runs).all()
    for (const plan of fileStore(places.runs).plans()) {
      const held = new Set(baselines.flatMap((one) => (one.plan === plan ? [one.run] : [])))
      const oldest = sweepPlan(places, plan, { keep, held }, dry, remove)
      const folder = join(places.runs, plan)
      const since = new Date(Math.min(oldest, oldestOf(places, plan, keep).getTime()))
      cut(
        join(folder, 'refused.jsonl'),
        writing(folder, () => forgetRefusals(folder, since, dry)),
      )
    }
    const log = join(places.runs, 'schedule.log')
    cut(log, trimLog(log, logBytes, dry))
  }
  if (keep.kind === 'days' && !leftAlone(places.cache)) sweepCache(places, keep.days, remove)
  const things = [
    ...(count > 0 ? [several(count, 'folder')] : []),
    ...(shortened > 0 ? [`the beginnings of ${several(shortened, 'file')}`] : []),
    formatBytes(freed),
  ].join(', ')
  writeTo(1, count + shortened === 0 ? 'Nothing to remove\n' : `${dry ? 'Would free' : 'Freed'} ${things}\n`)
  return 0
}

/** What stays of runs/schedule.log. */
const logBytes = 10e6

/** From when on there is something to keep of a plan. */
function oldestOf(places: Places, plan: string, keep: Keep): Date {
  if (keep.kind === 'days') return new Date(daysAgo(keep.days))
  const store = fileStore(places.runs)
  const run = store.runs(plan).slice(-keep.runs)[0]
  return run === undefined ? new Date(0) : new Date(startOf(store.pathOf(plan, run), run))
}

/** What a link leads to is somebody's, and not ours to take away. */
function leftAlone(folder: string): boolean {
  const link = isLink(folder)
  if (link) writeTo(1, `left ${shownPath(folder)} alone: it is a symbolic link\n`)
  return link
}

function keepOf(given: string): Keep {
  const days = given.match(/^(\d+)d$/)?.[1]
  if (days !== undefined) return { kind: 'days', days: Number(days) }
  if (/^[1-9]\d*$/.test(given)) return { kind: 'runs', runs: Number(given) }
  throw cannot('remove old runs', '--keep', 'days like 30d or a number of runs like 10', given)
}

interface Staying {
  readonly keep: Keep
  /** The runs that are baselines. */
  readonly held: ReadonlySet<string>
}

/** Returns when the oldest run began of which something stays. */
function sweepPlan(places: Places, plan: string, { keep, held }: Staying, dry: boolean, remove: Remove): number {
  const store = fileStore(places.runs)
  const runs = store.runs(plan)
  const old = new Set(
    runs
      .slice(0, -1)
      .filter((run, index) =>
        keep.kind === 'runs'
          ? index < runs.length - keep.runs
          : startOf(store.pathOf(plan, run), run) < daysAgo(keep.days),
      )
      .filter((run) => !held.has(run) && !goesOn(join(places.runs, plan), run)),
  )
  // Of later ones the journal stays, whatever they measured: in a history, a night of which nothing is left would be one that was missed.
  const first = runs.findIndex((run) => !old.has(run) || hasNumbers(store.read(plan, run)))
  const oldest = runs[first]
  const gone = new Set(runs.slice(0, first))
  const leaving = [...old].filter((run) => gone.has(run) || holdsMore(store.pathOf(plan, run)))
  const since = oldest === undefined ? 0 : startOf(store.pathOf(plan, oldest), oldest)
  if (leaving.length === 0) return since
  // Held, so that nobody resumes a run while it is taken away.
  const holder = { run: 'gc', ...thisProcess(), since: new Date().toISOString() }
  const lock = dry ? undefined : store.lock(plan, holder)
  if (lock?.kind === 'busy') {
    writeTo(1, `left ${plan} alone: run ${lock.holder?.run ?? '?'} of it goes on\n`)
    return 0
  }
  try {
    for (const run of leaving) remove(store.pathOf(plan, run), gone.has(run) ? 'all' : 'all but the journal')
  } finally {
    lock?.release()
  }
  return since
}

function holdsMore(folder: string): boolean {
  return readdirSync(folder).some((name) => name !== journal)
}

/** Whether a history would miss the run: what a metric was is nowhere else. */
function hasNumbers(text: string | undefined): boolean {
  return text !== undefined && digestOf(text).metrics.length > 0
}

/** Their files' times do not say when they were last used: what was downloaded for Python is large, and the index may be in use. */
const lasting = /^(?:python$|noise$|\.?history\.sqlite)/

function sweepCache({ cache }: Places, days: number, remove: (path: string) => void): void {
  if (!statSync(cache, { throwIfNoEntry: false })?.isDirectory()) return
  for (const name of readdirSync(cache)) {
    const path = join(cache, name)
    if (!lasting.test(name) && folderSize(path).newest < daysAgo(days)) remove(path)
  }
}

function daysAgo(days: number): number {
  return Date.now() - days * 86_400_000
}

/** When a run began, from its id; a folder that is not called like a run counts from when it was last changed. */
function startOf(path: string, run: string): number {
  return startOfRun(run)?.getTime() ?? statSync(path).mtimeMs
}
