import { messageOf, Problem } from '../../lib/index.ts'
import type { Ask } from './asking.ts'
import type { ObjectInfo } from './client.ts'
import { notS3 } from './trouble.ts'
import { children, childText, wellFormed } from './xml.ts'

/**
 * Every object under `prefix` in key order, each once. A server that repeats a token, sends a page of nothing new
 * or says that there is more without saying where is met with a Problem, not with an endless loop.
 */
export async function listAll(
  bucket: string,
  prefix: string,
  pageAt: (token: string | undefined) => Promise<Page>,
): Promise<ObjectInfo[]> {
  const found = new Map<string, ObjectInfo>()
  const tokens = new Set<string>()
  let token: string | undefined
  do {
    const page = await pageAt(token)
    const before = found.size
    for (const object of page.objects) {
      // Whoever asked may be about to remove what is listed.
      if (!object.key.startsWith(prefix)) throw broken(bucket, prefix, 'lists keys that do not begin with that')
      found.set(object.key, object)
    }
    token = page.more ? page.next : undefined
    if (page.more) {
      if (token === undefined) throw broken(bucket, prefix, 'says there is more and gives no continuation token')
      if (tokens.has(token)) throw broken(bucket, prefix, 'gives the same continuation token twice')
      if (found.size === before) throw broken(bucket, prefix, 'sends a page with nothing new on it')
      tokens.add(token)
    }
  } while (token !== undefined)
  return [...found.values()].sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
}

export interface Page {
  readonly objects: readonly ObjectInfo[]
  readonly more: boolean
  readonly next: string | undefined
}

/** Asks one page; keys come URL-encoded, since XML cannot carry every key. */
export async function listPage(
  ask: Ask,
  bucket: string,
  prefix: string,
  token: string | undefined,
  signal: AbortSignal,
): Promise<Page> {
  const query = {
    'list-type': '2',
    'encoding-type': 'url',
    prefix,
    ...(token !== undefined && { 'continuation-token': token }),
  }
  const answer = await ask({ method: 'GET', bucket, query }, signal)
  const content = documentOf(await answer.text()).ListBucketResult
  // Every S3 names the bucket in its listing; a web server that answers 200 to anything doesn't.
  if (childText(content, 'Name') === undefined) throw notS3('its listing has no name')
  const encoding = childText(content, 'EncodingType')
  return {
    objects: children(content, 'Contents').flatMap((entry) => objectOf(entry, encoding)),
    more: childText(content, 'IsTruncated') === 'true',
    next: childText(content, 'NextContinuationToken'),
  }
}

/** One that was cut short is no XML, and is asked for again. */
function documentOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return wellFormed(text)
  } catch (error) {
    throw notS3(messageOf(error))
  }
}

function objectOf(entry: unknown, encoding: string | undefined): ObjectInfo[] {
  const key = childText(entry, 'Key')
  if (key === undefined) return []
  const size = Number(childText(entry, 'Size') ?? 0)
  return [{ key: decoded(key, encoding), size, etag: bare(childText(entry, 'ETag')) }]
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
