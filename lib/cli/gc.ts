import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { cannot } from '../plan/problem.ts'
import { isLink } from '../record/below.ts'
import { fileStore } from '../record/files.ts'
import { thisProcess } from '../record/holder.ts'
import { forgetRefusals } from '../record/refused.ts'
import { startOfRun } from '../record/run-id.ts'
import { formatBytes, several } from '../report/format.ts'
import { commonFlags, type Flags, flagLines, parseFlags } from './flags.ts'
import { folderSize } from './folder-size.ts'
import { type Places, placesOf } from './places.ts'
import { writeTo } from './print.ts'
import { goesOn } from './running.ts'
import { shownPath } from './shown-path.ts'
import { trimLog } from './trim-log.ts'

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
Never the newest run of a plan, never one that goes on, never .assay/python or .assay/noise, never through a symbolic link.

flags
`

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
  const remove = (path: string) => {
    const { bytes } = folderSize(path)
    freed += bytes
    count++
    writeTo(1, `${dry ? 'would remove' : 'removed'} ${shownPath(path)}  ${formatBytes(bytes)}\n`)
    if (!dry) rmSync(path, { recursive: true, force: true })
  }
  let shortened = 0
  const cut = (path: string, bytes: number) => {
    if (bytes === 0) return
    freed += bytes
    shortened++
    writeTo(1, `${dry ? 'would remove' : 'removed'} the beginning of ${shownPath(path)}  ${formatBytes(bytes)}\n`)
  }
  if (!leftAlone(places.runs)) {
    for (const plan of fileStore(places.runs).plans()) {
      sweepPlan(places, plan, keep, dry, remove)
      const folder = join(places.runs, plan)
      cut(join(folder, 'refused.jsonl'), forgetRefusals(folder, oldestOf(places, plan, keep), dry))
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
  writeTo(1, freed === 0 ? 'Nothing to remove\n' : `${dry ? 'Would free' : 'Freed'} ${things}\n`)
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

function sweepPlan(places: Places, plan: string, keep: Keep, dry: boolean, remove: (path: string) => void): void {
  const store = fileStore(places.runs)
  const runs = store.runs(plan)
  const old = runs
    .slice(0, -1)
    .filter((run, index) =>
      keep.kind === 'runs'
        ? index < runs.length - keep.runs
        : startOf(store.pathOf(plan, run), run) < daysAgo(keep.days),
    )
    .filter((run) => !goesOn(join(places.runs, plan), run))
  if (old.length === 0) return
  if (dry) {
    for (const run of old) remove(store.pathOf(plan, run))
    return
  }
  // Held, so that nobody resumes a run while it is taken away.
  const holder = { run: 'gc', ...thisProcess(), since: new Date().toISOString() }
  const lock = store.lock(plan, holder)
  if (lock.kind === 'busy') {
    writeTo(1, `left ${plan} alone: run ${lock.holder?.run ?? '?'} of it goes on\n`)
    return
  }
  try {
    for (const run of old) remove(store.pathOf(plan, run))
  } finally {
    lock.release()
  }
}

function sweepCache({ cache }: Places, days: number, remove: (path: string) => void): void {
  if (!statSync(cache, { throwIfNoEntry: false })?.isDirectory()) return
  for (const name of readdirSync(cache)) {
    const path = join(cache, name)
    // What has been downloaded for Python is large, and its files' times do not say when it was last used; nor do those of what noise found.
    if (name !== 'python' && name !== 'noise' && folderSize(path).newest < daysAgo(days)) remove(path)
  }
}

function daysAgo(days: number): number {
  return Date.now() - days * 86_400_000
}

/** When a run began, from its id; a folder that is not called like a run counts from when it was last changed. */
function startOf(path: string, run: string): number {
  return startOfRun(run)?.getTime() ?? statSync(path).mtimeMs
}
