import type { Database } from 'bun:sqlite'
import type { Algorithm, ChecksumType, PartChecksum } from './checksums.ts'
import type { Segment } from './content.ts'
import type { Details } from './details.ts'

/** A multipart upload under way. */
export interface Upload {
  readonly id: string
  readonly bucket: string
  readonly key: string
  readonly created: number
  readonly plan: UploadPlan
}

/** What was said when it was created. */
export interface UploadPlan {
  readonly details: Details
  readonly algorithm?: Algorithm
  readonly type?: ChecksumType
}

export interface Part {
  readonly number: number
  readonly size: number
  readonly etag: string
  readonly modified: number
  readonly segments: readonly Segment[]
  readonly checksum: PartChecksum | undefined
}

export interface Uploads {
  create(upload: Upload): void
  find(id: string): Upload | undefined
  /** Of a bucket, by key and then by id. */
  list(bucket: string): readonly Upload[]
  /** In order of their numbers. */
  parts(id: string): readonly Part[]
  /** Returns the part that had this number before. */
  putPart(id: string, part: Part): Part | undefined
  /** Forgets the upload and its parts, not their content. */
  remove(id: string): void
}

interface UploadRow {
  readonly id: string
  readonly bucket: string
  readonly key: Uint8Array
  readonly created: number
  readonly details: string
}

interface PartRow {
  readonly number: number
  readonly size: number
  readonly etag: string
  readonly modified: number
  readonly segments: string
  readonly checksum: string | null
}

export function openUploads(db: Database): Uploads {
  const create = db.query('insert into uploads values (?, ?, ?, ?, ?)')
  const find = db.query<UploadRow, [string]>('select * from uploads where id = ?')
  const list = db.query<UploadRow, [string]>('select * from uploads where bucket = ? order by key, id')
  const columns = 'number, size, etag, modified, segments, checksum'
  const parts = db.query<PartRow, [string]>(`select ${columns} from parts where upload = ? order by number`)
  const part = db.query<PartRow, [string, number]>(`select ${columns} from parts where upload = ? and number = ?`)
  const putPart = db.query('insert or replace into parts values (?, ?, ?, ?, ?, ?, ?)')
  const removeUpload = db.query('delete from uploads where id = ?')
  const removeParts = db.query('delete from parts where upload = ?')
  return {
    create: ({ id, bucket, key, created, plan }) =>
      void create.run(id, bucket, Buffer.from(key), created, JSON.stringify(plan)),
    find: (id) => {
      const row = find.get(id)
      return row ? uploadOf(row) : undefined
    },
    list: (bucket) => list.all(bucket).map(uploadOf),
    parts: (id) => parts.all(id).map(partOf),
    putPart(id, { number, size, etag, modified, segments, checksum }) {
      const before = part.get(id, number)
      const sum = checksum ? JSON.stringify(checksum) : null
      putPart.run(id, number, size, etag, modified, JSON.stringify(segments), sum)
      return before ? partOf(before) : undefined
    },
    remove: db.transaction((id: string) => {
      removeUpload.run(id)
      removeParts.run(id)
    }),
  }
}

function uploadOf({ details, key, ...row }: UploadRow): Upload {
  return { ...row, key: Buffer.from(key).toString(), plan: JSON.parse(details) }
}

function partOf({ segments, checksum, ...row }: PartRow): Part {
  return { ...row, segments: JSON.parse(segments), checksum: checksum === null ? undefined : JSON.parse(checksum) }
}
