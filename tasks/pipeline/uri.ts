import { cannot } from '../../lib/index.ts'

export interface S3Location {
  readonly bucket: string
  readonly key: string
}

/** `s3://bucket/key`; the key stands as it is, spaces, `%` and non-ASCII letters unescaped, so that two keys never share a URI. */
export function s3Uri(bucket: string, key: string): string {
  return `s3://${bucket}/${key}`
}

/** Bucket and key of an `s3://bucket/key`; throws a Problem when it is anything else. */
export function parseS3Uri(uri: string): S3Location {
  const location = splitS3Uri(uri)
  if (location === undefined) throw cannot('find an object', 'uri', 's3://bucket/key', uri)
  return location
}

export function isS3Uri(uri: string): boolean {
  return splitS3Uri(uri) !== undefined
}

function splitS3Uri(uri: string): S3Location | undefined {
  // Not `new URL`: it escapes, drops `..` and cuts at `?` and `#`, all of which are letters of a key.
  const match = /^s3:\/\/([A-Za-z0-9][A-Za-z0-9._-]{1,62})\/(.+)$/s.exec(uri)
  const [, bucket, key] = match ?? []
  return bucket === undefined || key === undefined ? undefined : { bucket, key }
}
