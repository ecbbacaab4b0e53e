import type { S3Client as ControlClient, ListObjectsV2CommandOutput } from '@aws-sdk/client-s3'
import { Problem } from '../../lib/index.ts'
import type { ObjectInfo } from './client.ts'
import { notS3 } from './trouble.ts'

/**
 * Every object under `prefix` in key order, each once. A server that repeats a token, sends a page of nothing new
 * or says that there is more without saying where is met with a Problem, not with an endless loop.
 */
export async function listAll(bucket: string, prefix: string, page: ListPage): Promise<ObjectInfo[]> {
  const found = new Map<string, ObjectInfo>()
  const tokens = new Set<string>()
  let token: string | undefined
  do {
    const answer = await page(token)
    // Every S3 names the bucket in its listing; a web server that answers 200 to anything doesn't.
    if (answer.Name === undefined) throw notS3('its listing has no name')
    const before = found.size
    for (const { Key, Size, ETag } of answer.Contents ?? []) {
      if (Key === undefined) continue
      const key = decoded(Key, answer.EncodingType)
      // Whoever asked may be about to remove what is listed.
      if (!key.startsWith(prefix)) throw broken(bucket, prefix, 'lists keys that do not begin with that')
      found.set(key, { key, size: Size ?? 0, etag: bare(ETag) })
    }
    token = answer.IsTruncated ? answer.NextContinuationToken : undefined
    if (answer.IsTruncated) {
      if (token === undefined) throw broken(bucket, prefix, 'says there is more and gives no continuation token')
      if (tokens.has(token)) throw broken(bucket, prefix, 'gives the same continuation token twice')
      if (found.size === before) throw broken(bucket, prefix, 'sends a page with nothing new on it')
      tokens.add(token)
    }
  } while (token !== undefined)
  return [...found.values()].sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
}

type ListPage = (token: string | undefined) => Promise<ListObjectsV2CommandOutput>

/** Asks one page; keys come URL-encoded, since XML cannot carry every key. */
export async function listPage(
  client: ControlClient,
  bucket: string,
  prefix: string,
  token: string | undefined,
  abortSignal: AbortSignal,
): Promise<ListObjectsV2CommandOutput> {
  const { ListObjectsV2Command } = await import('@aws-sdk/client-s3')
  const input = { Bucket: bucket, Prefix: prefix, EncodingType: 'url' } as const
  const command = new ListObjectsV2Command(token === undefined ? input : { ...input, ContinuationToken: token })
  return client.send(command, { abortSignal })
}

export function bare(etag: string | undefined): string {
  return (etag ?? '').replace(/^(?:W\/)?"(.*)"$/, '$1')
}

function decoded(key: string, encoding: string | undefined): string {
  return encoding === 'url' ? decodeURIComponent(key.replaceAll('+', ' ')) : key
}

function broken(bucket: string, prefix: string, what: string): Problem {
  return new Problem(
    `Cannot list '${bucket}/${prefix}' as the server ${what}: its listing cannot be trusted. Use another version of it.`,
  )
}
