import type { S3Client as ControlClient } from '@aws-sdk/client-s3'
import type { Endpoint } from './client.ts'
import { bare } from './listing.ts'
import type { Wait } from './retry.ts'
import { signing } from './signing.ts'
import { damaged, notS3, s3Error } from './trouble.ts'

/** Bytes of objects, each verified: one attempt, no retries. */
export interface Bulk {
  /** `allow` says how many milliseconds a body of so many bytes may take. */
  get(bucket: string, key: string, wait: Wait, allow: (bytes: number) => number): Promise<Uint8Array>
  put(bucket: string, key: string, body: Uint8Array | string, type: string | undefined, wait: Wait): Promise<void>
}

/**
 * By `fetch`: as fast as Bun's own client, which doesn't tell an answer's headers and can't be stopped. A key that a URL can't spell
 * (`a/../b` is `b` there) goes through the AWS SDK.
 */
export function bulkClient(endpoint: Endpoint, control: () => Promise<ControlClient>): Bulk {
  const sign = signing(endpoint)
  return {
    async get(bucket, key, wait, allow) {
      if (isPath(key)) return getThroughSdk(await control(), bucket, key, wait)
      const { url, headers } = await sign('GET', bucket, key, { 'x-amz-checksum-mode': 'ENABLED' })
      // An object that was stored compressed is wanted as it is stored.
      const answer = await fetch(url, { headers, signal: wait.signal, decompress: false })
      if (!answer.ok) throw await refusal(answer)
      wait.allow(allow(Number(answer.headers.get('content-length'))))
      // Rejects where the connection ends before the length that was told.
      const bytes = await answer.bytes()
      verify(bytes, answer.headers)
      return bytes
    },
    async put(bucket, key, body, type, wait) {
      if (isPath(key)) return putThroughSdk(await control(), bucket, key, body, type, wait)
      const { url, headers } = await sign('PUT', bucket, key, {
        [checksumHeader]: crc32(body),
        ...(type !== undefined && { 'content-type': type }),
      })
      const answer = await fetch(url, { method: 'PUT', body, headers, signal: wait.signal })
      if (!answer.ok) throw await refusal(answer)
      verify(body, answer.headers)
    },
  }
}

function isPath(key: string): boolean {
  return /(^|\/)\.\.?(\/|$)/.test(key)
}

/** CRC-32 and not an ETag's MD5 where there is a choice: at 400 MB a second an MD5 is a tenth of all that an image costs. */
const checksumHeader = 'x-amz-checksum-crc32'

function crc32(bytes: Uint8Array | string): string {
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(Bun.hash.crc32(bytes))
  return sum.toString('base64')
}

/** Throws unless the bytes are those that the answer tells of: by their checksum, else by their ETag. */
function verify(bytes: Uint8Array | string, headers: Headers): void {
  const etag = headers.get('etag')
  if (etag === null) throw notS3('it tells no ETag')
  const checksum = headers.get(checksumHeader)
  // One put together of parts' checksums ends in their number, and says nothing of the whole.
  if (checksum !== null && !checksum.includes('-')) {
    if (checksum !== crc32(bytes)) throw damaged('other bytes than its checksum says')
  } else if (isMd5(etag, headers) && new Bun.CryptoHasher('md5').update(bytes).digest('hex') !== bare(etag))
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
  const { Body, ETag = '' } = await client.send(command, { abortSignal: wait.signal })
  const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array()
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
  const input = { Bucket: bucket, Key: key, Body: Buffer.from(body) }
  const command = new PutObjectCommand(type === undefined ? input : { ...input, ContentType: type })
  await client.send(command, { abortSignal: wait.signal })
}
