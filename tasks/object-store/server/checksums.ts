import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { S3Error } from './s3-error.ts'

/** S3's additional checksums, named as in `x-amz-checksum-<name>`, with the bytes each has. */
const sizes = { crc32: 4, crc32c: 4, crc64nvme: 8, sha1: 20, sha256: 32 } as const

export type Algorithm = keyof typeof sizes
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE'

/** A value in base64; a composite one ends in `-<parts>`. */
export interface PartChecksum {
  readonly algorithm: Algorithm
  readonly value: string
}

export interface Checksum extends PartChecksum {
  readonly type: ChecksumType
}

export const algorithms: readonly Algorithm[] = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256']

export interface Digest {
  update(bytes: Uint8Array): void
  digest(): Uint8Array | Promise<Uint8Array>
}

export function newDigest(algorithm: Algorithm): Digest {
  switch (algorithm) {
    case 'crc32':
      return nativeCrc32()
    case 'crc32c':
      return new (rare().Crc32c)()
    case 'crc64nvme':
      return new (rare().Crc64Nvme)()
    case 'sha1':
    case 'sha256':
      return createHash(algorithm)
  }
}

/** Loaded by whoever asks for them: nobody does in most runs, and the store would start a quarter later. */
function rare(): typeof import('@aws-sdk/checksums/crc') {
  return require('@aws-sdk/checksums/crc')
}

/** zlib's is some forty times faster than the package's. */
function nativeCrc32(): Digest {
  let sum = 0
  return {
    update(bytes) {
      sum = crc32(bytes, sum)
    },
    digest() {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(sum)
      return bytes
    },
  }
}

export function algorithmNamed(name: string | undefined): Algorithm | undefined {
  if (name === undefined) return undefined
  const found = algorithms.find((algorithm) => algorithm === name.toLowerCase())
  if (!found) {
    const message = `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${algorithms.join(', ').toUpperCase()}]`
    throw new S3Error('InvalidRequest', message)
  }
  return found
}

/** The one `x-amz-checksum-*` value among these headers; throws when there are two, or one that can't be such a checksum. */
export function checksumIn(headers: Readonly<Record<string, string>>): PartChecksum | undefined {
  const given = algorithms.filter((algorithm) => headers[`x-amz-checksum-${algorithm}`] !== undefined)
  if (given.length > 1) {
    const message = 'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.'
    throw new S3Error('InvalidRequest', message)
  }
  const [algorithm] = given
  if (algorithm === undefined) return undefined
  const value = headers[`x-amz-checksum-${algorithm}`] ?? ''
  if (!isChecksum(algorithm, value)) {
    throw new S3Error('InvalidRequest', `Value for x-amz-checksum-${algorithm} header is invalid.`)
  }
  return { algorithm, value }
}

export function isChecksum(algorithm: Algorithm, value: string): boolean {
  const bytes = Buffer.from(value, 'base64')
  return bytes.byteLength === sizes[algorithm] && bytes.toString('base64') === value
}

/** `x-amz-checksum-*` headers of an answer. */
export function checksumHeaders(checksum: Checksum | undefined): Record<string, string> {
  if (!checksum) return {}
  return { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value, 'x-amz-checksum-type': checksum.type }
}

/** The element name in XML: `ChecksumCRC32`. */
export function checksumElement(algorithm: Algorithm): string {
  return `Checksum${algorithm.toUpperCase()}`
}

/** The composite checksum of a multipart object: that of its parts' checksums laid end to end, then `-<parts>`. */
export async function compositeChecksum(algorithm: Algorithm, values: readonly string[]): Promise<Checksum> {
  const digest = newDigest(algorithm)
  for (const value of values) digest.update(Buffer.from(value, 'base64'))
  const sum = Buffer.from(await digest.digest()).toString('base64')
  return { algorithm, value: `${sum}-${values.length}`, type: 'COMPOSITE' }
}
