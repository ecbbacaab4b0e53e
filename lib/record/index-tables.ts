import type { Database } from 'bun:sqlite'
import type { RunDigest } from './run-digest.ts'

/** Goes up with any change of the tables or of what is written into them: an index of another version is built anew. */
export const indexVersion = 1

/** What tells one state of a journal from another, without reading it. */
export interface Stamp {
  readonly size: number
  readonly changed: number
}

export function createTables(db: Database): void {
  db.run(`CREATE TABLE runs (
    id INTEGER PRIMARY KEY, plan TEXT NOT NULL, run TEXT NOT NULL, size REAL NOT NULL, changed REAL NOT NULL,
    outcome TEXT, sittings INTEGER NOT NULL, duration REAL, exit REAL,
    at TEXT NOT NULL, commit_id TEXT, machine TEXT NOT NULL, params TEXT NOT NULL, measured INTEGER NOT NULL,
    UNIQUE (plan, run)) STRICT`)
  db.run(`CREATE TABLE metrics (
    id INTEGER NOT NULL, place INTEGER NOT NULL, step TEXT NOT NULL, metric TEXT NOT NULL, unit TEXT NOT NULL,
    better TEXT NOT NULL, value REAL NOT NULL, low REAL, high REAL, n INTEGER NOT NULL, verdict TEXT NOT NULL,
    PRIMARY KEY (id, place)) STRICT, WITHOUT ROWID`)
  db.run(`PRAGMA user_version = ${indexVersion}`)
}

/** The stamps of the journals that were read, under `plan/run`. */
export function knownStamps(db: Database): Map<string, Stamp> {
  const rows = db
    .query<Stamp & { path: string }, []>(`SELECT plan || '/' || run AS path, size, changed FROM runs`)
    .all()
  return new Map(rows.map(({ path, size, changed }) => [path, { size, changed }]))
}

/** Statements that change what is known of a run. */
export function writer(db: Database) {
  const idOf = db.query<{ id: number }, [string, string]>('SELECT id FROM runs WHERE plan = ? AND run = ?')
  const removeRun = db.query<unknown, [number]>('DELETE FROM runs WHERE id = ?')
  const removeMetrics = db.query<unknown, [number]>('DELETE FROM metrics WHERE id = ?')
  const addRun = db.query<{ id: number }, (string | number | null)[]>(
    `INSERT INTO runs (plan, run, size, changed, outcome, sittings, duration, exit, at, commit_id, machine, params, measured)
     VALUES (${Array(13).fill('?')}) RETURNING id`,
  )
  const addMetric = db.query<unknown, (string | number | null)[]>(`INSERT INTO metrics VALUES (${Array(11).fill('?')})`)
  const remove = (plan: string, run: string) => {
    const id = idOf.get(plan, run)?.id
    if (id === undefined) return
    removeRun.run(id)
    removeMetrics.run(id)
  }
  const put = (plan: string, run: string, { size, changed }: Stamp, digest: RunDigest) => {
    remove(plan, run)
    const { outcome = null, sittings, duration = null, exit = null, at, commit = null, machine = '', params } = digest
    const told = [outcome, sittings, duration, exit, at, commit, machine, params, digest.metrics.length > 0 ? 1 : 0]
    const id = addRun.get(plan, run, size, changed, ...told)?.id ?? 0
    for (const [
      place,
      { step, metric, unit, better, value, low = null, high = null, n, verdict },
    ] of digest.metrics.entries())
      addMetric.run(id, place, step, metric, unit, better, value, low, high, n, verdict)
  }
  return { put, remove }
}
