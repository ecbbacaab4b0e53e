import { Database } from 'bun:sqlite'
import type { Segment } from './content.ts'
import type { Details } from './details.ts'

export interface Bucket {
  readonly name: string
  readonly created: number
}

export interface StoredObject {
  readonly key: string
  readonly size: number
  /** Without its quotes. */
  readonly etag: string
  /** Milliseconds since 1970. */
  readonly modified: number
  readonly segments: readonly Segment[]
  readonly details: Details
}

/** What there is. Every change is one SQLite transaction: there or not there, also after kill -9. */
export interface Catalog {
  readonly db: Database
  buckets(): readonly Bucket[]
  bucket(name: string): Bucket | undefined
  addBucket(name: string): void
  removeBucket(name: string): void
  isEmpty(bucket: string): boolean
  object(bucket: string, key: string): StoredObject | undefined
  /** Puts the object in the place of what was there. */
  putObject(bucket: string, object: StoredObject): void
  removeObject(bucket: string, key: string): StoredObject | undefined
  setDetails(bucket: string, key: string, details: Details): void
  /** From the first key that is `from` or after it, in byte order, while keys are below `to`; read lazily, one scan at a time. */
  scan(bucket: string, from: Uint8Array, to: Uint8Array | undefined): Iterable<ListedObject>
  /** The id of every content file that something here names. */
  contentIds(): Set<string>
  transaction<T>(work: () => T): T
  close(): void
}

export interface ListedObject {
  readonly key: Uint8Array
  readonly size: number
  readonly etag: string
  readonly modified: number
  readonly details: string
}

const schema = `
create table if not exists buckets (name text primary key, created integer not null) without rowid;
create table if not exists objects (
  bucket text not null, key blob not null, size integer not null, etag text not null, modified integer not null,
  segments text not null, details text not null, primary key (bucket, key)
) without rowid;
create table if not exists uploads (
  id text primary key, bucket text not null, key blob not null, created integer not null, details text not null
) without rowid;
create table if not exists parts (
  upload text not null, number integer not null, size integer not null, etag text not null, modified integer not null,
  segments text not null, checksum text, primary key (upload, number)
) without rowid;
create index if not exists uploads_by_key on uploads (bucket, key, id);
`

interface ObjectRow {
  readonly size: number
  readonly etag: string
  readonly modified: number
  readonly segments: string
  readonly details: string
}

export function openCatalog(file: string): Catalog {
  const db = new Database(file, { create: true })
  // One process at a time; synced by nothing but the operating system, which outlives us (a power cut is not covered).
  // Whoever had it open before us may be on the way out: a store whose run was killed ends within a second or two.
  db.run('pragma busy_timeout = 5000')
  db.run('pragma locking_mode = exclusive')
  db.run('pragma journal_mode = wal')
  db.run('pragma synchronous = off')
  db.run(schema)

  const listBuckets = db.query<Bucket, []>('select name, created from buckets order by name')
  const getBucket = db.query<Bucket, [string]>('select name, created from buckets where name = ?')
  const addBucket = db.query('insert into buckets values (?, ?)')
  const removeBucket = db.query('delete from buckets where name = ?')
  const anyObject = db.query('select 1 from objects where bucket = ? limit 1')
  const getObject = db.query<ObjectRow, [string, Uint8Array]>(
    'select size, etag, modified, segments, details from objects where bucket = ? and key = ?',
  )
  const putObject = db.query('insert or replace into objects values (?, ?, ?, ?, ?, ?, ?)')
  const removeObject = db.query('delete from objects where bucket = ? and key = ?')
  const setDetails = db.query('update objects set details = ? where bucket = ? and key = ?')
  const listed = 'select key, size, etag, modified, details from objects where bucket = ? and key >= ?'

  const scanAll = db.query<ListedObject, [string, Uint8Array]>(`${listed} order by key`)
  const scanTo = db.query<ListedObject, [string, Uint8Array, Uint8Array]>(`${listed} and key < ? order by key`)

  const object = (bucket: string, key: string): StoredObject | undefined => {
    const row = getObject.get(bucket, Buffer.from(key))
    if (!row) return undefined
    return { ...row, key, segments: JSON.parse(row.segments), details: JSON.parse(row.details) }
  }

  return {
    db,
    object,
    buckets: () => listBuckets.all(),
    bucket: (name) => getBucket.get(name) ?? undefined,
    addBucket: (name) => void addBucket.run(name, Date.now()),
    removeBucket: (name) => void removeBucket.run(name),
    isEmpty: (bucket) => anyObject.get(bucket) === null,
    putObject(bucket, { key, size, etag, modified, segments, details }) {
      const text = [JSON.stringify(segments), JSON.stringify(details)] as const
      putObject.run(bucket, Buffer.from(key), size, etag, modified, ...text)
    },
    removeObject(bucket, key) {
      const before = object(bucket, key)
      if (before) removeObject.run(bucket, Buffer.from(key))
      return before
    },
    setDetails: (bucket, key, details) => void setDetails.run(JSON.stringify(details), bucket, Buffer.from(key)),
    scan: (bucket, from, to) => (to ? scanTo.iterate(bucket, from, to) : scanAll.iterate(bucket, from)),
    contentIds() {
      const rows = db.query<{ segments: string }, []>(
        'select segments from objects union all select segments from parts',
      )
      const ids = new Set<string>()
      for (const { segments } of rows.iterate()) for (const { id } of JSON.parse(segments)) ids.add(id)
      return ids
    },
    transaction: (work) => db.transaction(work)(),
    close: () => db.close(),
  }
}
