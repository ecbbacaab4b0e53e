import { Database, SQLiteError } from 'bun:sqlite'
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { errorCode, messageOf } from '../plan/problem.ts'
import { foldersOf } from './folder.ts'
import { questions, type RunIndex } from './index-queries.ts'
import { createTables, indexVersion, knownStamps, type Stamp, writer } from './index-tables.ts'
import { aloneWith } from './lock.ts'
import { digestOf } from './run-digest.ts'

export interface IndexPlaces {
  /** The folder of runs. */
  readonly runs: string
  /** The index: made from the journals, and made again from them whenever it is gone, damaged or another Assay's. */
  readonly file: string
  /** Is told, in a sentence, why all journals were read. */
  tell(sentence: string): void
}

/**
 * What `use` finds in the index of all runs, which is first brought up to date: journals that are new or have changed since are
 * read, those that are gone are forgotten. Several processes may do so at once. Where the index cannot be kept (a folder that
 * cannot be written, a full disk) it is made in memory, and that is told. `use` may be called twice.
 */
export function withRunIndex<T>(places: IndexPlaces, use: (index: RunIndex) => T): T {
  const journals = journalsIn(places.runs)
  if (journals.size === 0) return inMemory(journals, use)
  try {
    const stale = staleness(places.file)
    if (stale !== undefined) buildAnew(places, journals, stale)
    return upToDate(places, journals, use)
  } catch (error) {
    if (!isDamage(error)) return orInMemory(places, journals, use, error)
    try {
      buildAnew(places, journals, messageOf(error))
      return upToDate(places, journals, use)
    } catch (error) {
      return orInMemory(places, journals, use, error)
    }
  }
}

/** A journal's file and stamp, under `plan/run`. */
type Journals = ReadonlyMap<string, Journal>

interface Journal extends Stamp {
  readonly plan: string
  readonly run: string
  readonly path: string
}

/** Never through a link, which would lead to somebody else's. */
function journalsIn(runs: string): Journals {
  const found = new Map<string, Journal>()
  for (const plan of foldersOf(runs))
    for (const run of foldersOf(join(runs, plan))) {
      const path = `${runs}/${plan}/${run}/journal.jsonl`
      const stat = lstatSync(path, { throwIfNoEntry: false })
      if (stat?.isFile()) found.set(`${plan}/${run}`, { plan, run, path, size: stat.size, changed: stat.mtimeMs })
    }
  return found
}

/** Why an index cannot be used at all; undefined for one that can. */
function staleness(file: string): string | undefined {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return 'it was not there'
  const db = open(file)
  try {
    const version = db.query<{ user_version: number }, []>('PRAGMA user_version').get()?.user_version
    return version === indexVersion ? undefined : 'another version of Assay made it'
  } finally {
    db.close()
  }
}

/** Whoever asks while another process writes waits for it. */
function open(file: string): Database {
  const db = new Database(file, { readwrite: true })
  db.run('PRAGMA busy_timeout = 30000')
  return db
}

function upToDate<T>(places: IndexPlaces, journals: Journals, use: (index: RunIndex) => T): T {
  const db = open(places.file)
  try {
    if (hasChanged(db, journals)) alone(places.file, () => bringUpToDate(db, journals))
    return use(questions(db))
  } finally {
    db.close()
  }
}

function hasChanged(db: Database, journals: Journals): boolean {
  const known = knownStamps(db)
  if (known.size !== journals.size) return true
  for (const [key, journal] of journals) if (!isSame(known.get(key), journal)) return true
  return false
}

function isSame(before: Stamp | undefined, { size, changed }: Stamp): boolean {
  return before?.size === size && before.changed === changed
}

function bringUpToDate(db: Database, journals: Journals): void {
  const { put, remove } = writer(db)
  db.transaction(() => {
    const known = knownStamps(db)
    for (const [key, journal] of journals) {
      const before = known.get(key)
      known.delete(key)
      if (isSame(before, journal)) continue
      const text = textOf(journal.path)
      if (text !== undefined) put(journal.plan, journal.run, journal, digestOf(text))
    }
    for (const key of known.keys()) {
      const [plan = '', run = ''] = key.split('/')
      remove(plan, run)
    }
  }).immediate()
}

/** Undefined for one that went away since it was seen. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Built beside and put in its place at once: whoever has the one before open goes on with that. */
function buildAnew({ file, tell }: IndexPlaces, journals: Journals, why: string): void {
  const began = performance.now()
  mkdirSync(dirname(file), { recursive: true })
  const built = alone(file, () => {
    if (why === 'it was not there' && statSync(file, { throwIfNoEntry: false }) !== undefined) return false
    removeUnfinished(file)
    const temporary = `${file}.${process.pid}.tmp`
    const db = new Database(temporary, { create: true, readwrite: true })
    try {
      createTables(db)
      bringUpToDate(db, journals)
    } finally {
      db.close()
    }
    renameSync(temporary, file)
    return true
  })
  const seconds = (performance.now() - began) / 1000
  if (built && journals.size > 1)
    tell(`The index of runs was made anew, as ${why}: ${journals.size} journals were read in ${seconds.toFixed(1)} s`)
}

/** Also a writer's that was killed: by its name SQLite would take it for one of the new index. */
function removeUnfinished(file: string): void {
  for (const name of readdirSync(dirname(file)))
    if (name.startsWith(`${basename(file)}.`) || name === `${basename(file)}-journal`)
      rmSync(join(dirname(file), name), { force: true })
}

/** Does `work` while no other process changes the index. */
function alone<T>(file: string, work: () => T): T {
  return aloneWith(join(dirname(file), `.${basename(file)}.lock`), 'w', 60, work)
}

function isDamage(error: unknown): boolean {
  return error instanceof SQLiteError && /^SQLITE_(CORRUPT|NOTADB|ERROR|CONSTRAINT|MISMATCH)/.test(error.code ?? '')
}

function orInMemory<T>(places: IndexPlaces, journals: Journals, use: (index: RunIndex) => T, error: unknown): T {
  if (!(error instanceof SQLiteError || (error instanceof Error && 'syscall' in error))) throw error
  places.tell(`The index of runs cannot be kept in ${places.file}, so every journal is read: ${messageOf(error)}`)
  return inMemory(journals, use)
}

function inMemory<T>(journals: Journals, use: (index: RunIndex) => T): T {
  const db = new Database(':memory:')
  try {
    createTables(db)
    bringUpToDate(db, journals)
    return use(questions(db))
  } finally {
    db.close()
  }
}
