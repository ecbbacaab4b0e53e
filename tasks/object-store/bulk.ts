import type { Ask } from './asking.ts'
import { bare } from './listing.ts'
import type { Wait } from './retry.ts'
import { damaged, notS3 } from './trouble.ts'

/** Bytes of objects, each verified: one attempt, no retries. */
export interface Bulk {
  /** `allow` says how many milliseconds a body of so many bytes may take. */
  get(bucket: string, key: string, wait: Wait, allow: (bytes: number) => number): Promise<Uint8Array>
  put(
    bucket: string,
    key: string,
    body: Uint8Array | string,
    headers: Readonly<Record<string, string>>,
    wait: Wait,
  ): Promise<void>
}

export function bulkClient(ask: Ask): Bulk {
  return {
    async get(bucket, key, wait, allow) {
      const headers = { 'x-amz-checksum-mode': 'ENABLED' }
      const answer = await ask({ method: 'GET', bucket, key, headers }, wait.signal)
      wait.allow(allow(Number(answer.headers.get('content-length'))))
      // Rejects where the connection ends before the length that was told.
      const bytes = await answer.bytes()
      verify(bytes, answer.headers)
      return bytes
    },
    async put(bucket, key, body, headers, wait) {
      const all = { ...headers, [checksumHeader]: crc32(body) }
      const answer = await ask({ method: 'PUT', bucket, key, headers: all, body }, wait.signal)
      verify(body, answer.headers)
    },
  }
}

/** CRC-32 and not an ETag's MD5 where there is a choice: at 400 MB a second an MD5 is a tenth of all that an image costs. */
const checksumHeader = 'x-amz-checksum-crc32'

/** As `checksumHeader` tells it. */
export function crc32(bytes: Uint8Array | string): string {
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
