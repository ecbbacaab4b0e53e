import type { AccessRecord, PutEvent } from './access-record.ts'
import type { Bucket, Catalog, StoredObject } from './catalog.ts'
import type { Content } from './content.ts'
import type { Answer, S3Request } from './exchange.ts'
import { S3Error } from './s3-error.ts'
import type { Credentials, Signed } from './signature.ts'
import type { Uploads } from './uploads.ts'

/** Everything an operation works with. */
export interface Store {
  readonly catalog: Catalog
  readonly uploads: Uploads
  readonly content: Content
  readonly record: AccessRecord<PutEvent>
  readonly credentials: Credentials
}

/** One request to a store, verified and addressed. */
export interface Call {
  readonly store: Store
  readonly request: S3Request
  readonly signed: Signed
  /** Of a bucket that exists, where the operation needs one. */
  readonly bucket: string
  readonly key: string
}

export type Operation = (call: Call) => Answer | Promise<Answer>

export function existingBucket(store: Store, name: string): Bucket {
  const bucket = store.catalog.bucket(name)
  if (!bucket) throw new S3Error('NoSuchBucket', 'The specified bucket does not exist', { BucketName: name })
  return bucket
}

export function existingObject(store: Store, bucket: string, key: string): StoredObject {
  const object = store.catalog.object(bucket, key)
  if (!object) throw new S3Error('NoSuchKey', 'The specified key does not exist.', { Key: key })
  return object
}

/** The store keeps one version of an object, which S3 names `null`. */
export function checkVersion(version: string | undefined): void {
  if (version === undefined || version === 'null') return
  throw new S3Error('InvalidArgument', 'Invalid version id specified', {
    ArgumentName: 'versionId',
    ArgumentValue: version,
  })
}

export const owner = [
  ['ID', '9b2153df65c7cba8a514938e2d3254a32cc0e75f6d032572e45f2b6bb124c970'],
  ['DisplayName', 'assay'],
] as const

/** S3's times have whole seconds. */
export function isoTime(milliseconds: number): string {
  return new Date(Math.floor(milliseconds / 1000) * 1000).toISOString()
}
