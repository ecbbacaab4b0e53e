import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { foldersOf } from '../record/folder.ts'
import { readJournal } from '../record/journal.ts'
import type { Course, Moment } from './kills.ts'
import { bytesWritten } from './procs.ts'
import { castOf } from './victims.ts'

/** Looks are this far apart: far less than anything that a run does takes. */
const lookEveryMs = 1

/** A run's journal, followed from outside. */
export interface JournalWatch {
  /** The run's id; undefined while there is none. */
  run(): string | undefined
  text(): string
  /** How many whole lines it has now. */
  lines(): number
}

/** Follows the journal of a run in `plans`, its plan's folder; without an id, of the newest when it is first seen. */
export function watchJournal(plans: string, id?: string): JournalWatch {
  let run = id
  let size = -1
  let text = ''
  const name = () => {
    run ??= foldersOf(plans).at(-1)
    return run
  }
  const read = () => {
    const id = name()
    if (id === undefined) return text
    const path = join(plans, id, 'journal.jsonl')
    const now = statSync(path, { throwIfNoEntry: false })?.size ?? 0
    if (now !== size) {
      size = now
      text = now === 0 ? '' : readFileSync(path, 'utf8')
    }
    return text
  }
  return { run: name, text: read, lines: () => read().split('\n').length - 1 }
}

export interface Watched {
  readonly journal: JournalWatch
  /** The process that was started. */
  readonly first: number
  pids(): readonly number[]
  ended(): boolean
}

/** Resolves when the moment has come, or the run is over. */
export async function untilMoment(moment: Moment, watched: Watched): Promise<void> {
  const { journal, ended } = watched
  const look = async (until: () => boolean) => {
    while (!ended() && !until()) await Bun.sleep(lookEveryMs)
  }
  switch (moment.kind) {
    case 'line':
      return look(() => journal.lines() >= moment.line)
    case 'between': {
      await look(() => journal.lines() >= moment.line)
      const from = performance.now()
      return look(() => performance.now() - from >= moment.afterMs)
    }
    case 'birth': {
      const births = birthCounter(watched)
      return look(() => births() >= moment.nth)
    }
    case 'write': {
      await look(() => journal.lines() >= moment.line)
      const writes = writeCounter(watched)
      return look(() => writes() >= moment.nth)
    }
  }
}

/** Watches a run to its end, and says what it did when. */
export async function courseOf(watched: Watched): Promise<Course> {
  const from = performance.now()
  const lines: number[] = []
  const writes: number[] = [0]
  const born = birthCounter(watched)
  let births = 0
  let written = writeCounter(watched)
  while (!watched.ended()) {
    births = born()
    for (const count = watched.journal.lines(); lines.length < count; ) {
      lines.push(performance.now() - from)
      writes.push(0)
      written = writeCounter(watched)
    }
    writes[lines.length] = written()
    await Bun.sleep(lookEveryMs)
  }
  return { lines, ms: performance.now() - from, births, writes, serving: servingLines(watched.journal.text()) }
}

/** After how many lines of a journal a service was up. */
function servingLines(text: string): readonly number[] {
  const up = new Set<string>()
  return readJournal(text, 'journal.jsonl').flatMap((event, index) => {
    if (event.event === 'service') {
      if (event.state === 'ready') up.add(event.name)
      else up.delete(event.name)
    }
    return up.size > 0 ? [index + 1] : []
  })
}

/** How many processes were seen so far. */
function birthCounter({ pids }: Watched): () => number {
  const seen = new Set<number>()
  return () => {
    for (const pid of pids()) seen.add(pid)
    return seen.size
  }
}

/** At how many looks so far those that are not Assay had written since the look before. */
function writeCounter({ first, pids }: Watched): () => number {
  let known: readonly number[] = []
  let others: readonly number[] = []
  const written = new Map<number, number>()
  let count = 0
  return () => {
    const now = pids()
    if (now.length !== known.length || now.some((pid, index) => pid !== known[index])) {
      known = now
      others = castOf(first, now).others.map(({ pid }) => pid)
    }
    let more = false
    for (const pid of others) {
      const bytes = bytesWritten(pid)
      if (written.has(pid) && bytes > (written.get(pid) ?? 0)) more = true
      written.set(pid, bytes)
    }
    if (more) count++
    return count
  }
}
