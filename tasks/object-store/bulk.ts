import type { S3Client as ControlClient } from '@aws-sdk/client-s3'
import type { Endpoint } from './client.ts'
import { bare } from './listing.ts'
import type { Wait } from './retry.ts'
import { damaged, notS3, s3Error } from './trouble.ts'

/** Bytes of objects, each verified against its ETag: one attempt, no retries. */
export interface Bulk {
  /** `allow` says how many milliseconds a body of so many bytes may take. */
  get(bucket: string, key: string, wait: Wait, allow: (bytes: number) => number): Promise<Uint8Array>
  put(bucket: string, key: string, body: Uint8Array | string, type: string | undefined, wait: Wait): Promise<void>
}

/**
 * By `fetch` at URLs that Bun's client signs: as fast as that client's own get and put, which don't tell an answer's headers and can't be
 * stopped. A key that a URL can't spell (`a/../b` is `b` there) or that client changes (`/a`) goes through the AWS SDK.
 */
export function bulkClient(endpoint: Endpoint, control: () => Promise<ControlClient>): Bulk {
  const { url, region, accessKeyId, secretAccessKey } = endpoint
  const signer = new Bun.S3Client({ endpoint: url, region, accessKeyId, secretAccessKey })
  const sign = (bucket: string, key: string, method: 'GET' | 'PUT') => signer.presign(key, { bucket, method })
  return {
    async get(bucket, key, wait, allow) {
      if (isPath(key)) return getThroughSdk(await control(), bucket, key, wait)
      // An object that was stored compressed is wanted as it is stored.
      const init = { signal: wait.signal, decompress: false }
      const answer = await fetch(sign(bucket, key, 'GET'), init)
      if (!answer.ok) throw await refusal(answer)
      const length = Number(answer.headers.get('content-length') ?? Number.NaN)
      if (length > 0) wait.allow(allow(length))
      const bytes = await answer.bytes()
      if (bytes.byteLength !== length && !Number.isNaN(length)) throw damaged(`${bytes.byteLength} of ${length} bytes`)
      verify(bytes, answer.headers)
      return bytes
    },
    async put(bucket, key, body, type, wait) {
      if (isPath(key)) return putThroughSdk(await control(), bucket, key, body, type, wait)
      const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type }
      const answer = await fetch(sign(bucket, key, 'PUT'), { method: 'PUT', body, headers, signal: wait.signal })
      if (!answer.ok) throw await refusal(answer)
      verify(body, answer.headers)
    },
  }
}

function isPath(key: string): boolean {
  return /^\/|\/$|\\|(^|\/)\.\.?(\/|$)/.test(key)
}

/** Throws unless the bytes are those whose ETag the answer tells. */
function verify(bytes: Uint8Array | string, headers: Headers): void {
  const etag = headers.get('etag')
  if (etag === null) throw notS3('it tells no ETag')
  if (!isMd5(etag, headers)) return
  if (new Bun.CryptoHasher('md5').update(bytes).digest('hex') !== bare(etag))
    throw damaged('other bytes than its ETag says')
}

/** An ETag is the MD5 of an object's bytes, unless it was put together of parts, or encrypted with a key that isn't the store's own. */
function isMd5(etag: string, headers: Headers): boolean {
  if (!/^[0-9a-f]{32}$/.test(bare(etag))) return false
  return (
    !headers.get('x-amz-server-side-encryption')?.startsWith('aws:kms') &&
    !headers.has('x-amz-server-side-encryption-customer-algorithm')
  )
}

/** What S3 says in the body of an answer that is none of success. */
async function refusal(answer: Response): Promise<Error> {
  const text = await answer.text()
  const element = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1]
  const code = element('Code')
  // A proxy before a store says 502 in words of its own; a web site that lacks the page is no S3.
  if (code === undefined && answer.status < 500) return notS3(`${answer.status} without a reason`)
  return s3Error(answer.status, code ?? `${answer.status}`, element('Message') ?? answer.statusText)
}

async function getThroughSdk(client: ControlClient, bucket: string, key: string, wait: Wait): Promise<Uint8Array> {
  const { GetObjectCommand } = await import('@aws-sdk/client-s3')
  const command = new GetObjectCommand({ Bucket: bucket, Key: key })
  const { Body, ContentLength, ETag = '' } = await client.send(command, { abortSignal: wait.signal })
  const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array()
  if (ContentLength !== undefined && bytes.byteLength !== ContentLength) {
    throw damaged(`${bytes.byteLength} of ${ContentLength} bytes`)
  }
  verify(bytes, new Headers({ etag: ETag }))
  return bytes
}

async function putThroughSdk(
  client: ControlClient,
  bucket: string,
  key: string,
  body: Uint8Array | string,
  type: string | undefined,
  wait: Wait,
): Promise<void> {
  const { PutObjectCommand } = await import('@aws-sdk/client-s3')
  const input = { Bucket: bucket, Key: key, Body: body }
  const command = new PutObjectCommand(type === undefined ? input : { ...input, ContentType: type })
  await client.send(command, { abortSignal: wait.signal })
}
