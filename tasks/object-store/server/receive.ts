import { createHash } from 'node:crypto'
import { chunkDecoder } from './aws-chunked.ts'
import { type Algorithm, algorithmNamed, checksumIn, type Digest, newDigest, type PartChecksum } from './checksums.ts'
import type { Content, Segment } from './content.ts'
import type { S3Request } from './exchange.ts'
import { S3Error } from './s3-error.ts'
import type { Signed } from './signature.ts'

/** A body that has been stored and found to be what its headers said. */
export interface Received {
  readonly segment: Segment
  /** MD5 in hex. */
  readonly md5: string
  /** The checksum that was sent with it, or that was asked for. */
  readonly checksum: PartChecksum | undefined
}

const largest = 5 * 2 ** 30

/**
 * Stores a request's body in a content file while verifying all that was said about it: length, SHA-256 of the payload, chunk signatures,
 * Content-MD5 and checksum, in headers or trailers. `wanted` is computed when the sender gave no checksum. Nothing is left of a body that fails.
 */
export async function receiveBody(
  request: S3Request,
  signed: Signed,
  content: Content,
  wanted?: Algorithm,
): Promise<Received> {
  const length = declaredLength(request, signed)
  const writer = content.create()
  try {
    const expected = expectations(request, signed)
    const algorithm = expected.algorithm ?? wanted
    const md5 = createHash('md5')
    const sha256 = /^[0-9a-f]{64}$/.test(signed.payload) ? createHash('sha256') : undefined
    const digest = algorithm === undefined ? undefined : newDigest(algorithm)
    let size = 0
    const deliver = (bytes: Uint8Array) => {
      size += bytes.byteLength
      if (size > length) throw incomplete()
      md5.update(bytes)
      sha256?.update(bytes)
      digest?.update(bytes)
      writer.write(bytes)
    }
    const trailers = await read(request, signed, deliver)
    if (size !== length) throw incomplete()
    if (sha256 && sha256.digest('hex') !== signed.payload) {
      throw new S3Error(
        'XAmzContentSHA256Mismatch',
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
      )
    }
    const md5Hex = md5.digest('hex')
    if (expected.md5 !== undefined && expected.md5 !== md5Hex) {
      throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.')
    }
    const checksum = await verifiedChecksum(algorithm, digest, expected, trailers)
    return { segment: await writer.finish(), md5: md5Hex, checksum }
  } catch (error) {
    writer.discard()
    throw error
  }
}

async function read(request: S3Request, signed: Signed, deliver: (bytes: Uint8Array) => void) {
  if (!signed.payload.startsWith('STREAMING-')) {
    await request.read(deliver)
    return {}
  }
  const decoder = chunkDecoder(signed, deliver)
  await request.read(decoder.push)
  return decoder.end()
}

/** The bytes the object will have, which S3 wants to know before it takes any. */
function declaredLength(request: S3Request, signed: Signed): number {
  const framed = signed.payload.startsWith('STREAMING-')
  const text = request.headers[framed ? 'x-amz-decoded-content-length' : 'content-length']
  if (text === undefined || !/^\d{1,15}$/.test(text)) {
    throw new S3Error('MissingContentLength', 'You must provide the Content-Length HTTP header.')
  }
  if (Number(text) > largest) {
    const extra = { ProposedSize: text, MaxSizeAllowed: String(largest) }
    throw new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', extra)
  }
  return Number(text)
}

interface Expected {
  readonly algorithm: Algorithm | undefined
  /** Hex. */
  readonly md5: string | undefined
  readonly value: string | undefined
  /** The trailing header that will carry the value. */
  readonly trailer: string | undefined
}

const streamingForms = [
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
]

function expectations({ headers }: S3Request, { payload }: Signed): Expected {
  if (payload !== 'UNSIGNED-PAYLOAD' && !/^[0-9a-f]{64}$/.test(payload) && !streamingForms.includes(payload)) {
    const message =
      'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.'
    throw new S3Error('InvalidArgument', message, { ArgumentName: 'x-amz-content-sha256', ArgumentValue: payload })
  }
  const given = checksumIn(headers)
  const trailer = headers['x-amz-trailer']?.trim().toLowerCase()
  if (trailer !== undefined && given) {
    throw new S3Error(
      'InvalidRequest',
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    )
  }
  if (trailer !== undefined && !trailer.startsWith('x-amz-checksum-')) {
    throw new S3Error('InvalidRequest', 'The value specified in the x-amz-trailer header is not supported')
  }
  const named = algorithmNamed(headers['x-amz-sdk-checksum-algorithm'])
  if (named && !given && trailer === undefined) {
    const message =
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.'
    throw new S3Error('InvalidRequest', message)
  }
  return {
    algorithm: given?.algorithm ?? algorithmNamed(trailer?.slice('x-amz-checksum-'.length)),
    md5: md5In(headers['content-md5']),
    value: given?.value,
    trailer,
  }
}

function md5In(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  const bytes = Buffer.from(header, 'base64')
  if (bytes.byteLength !== 16) throw new S3Error('InvalidDigest', 'The Content-MD5 you specified is not valid.')
  return bytes.toString('hex')
}

async function verifiedChecksum(
  algorithm: Algorithm | undefined,
  digest: Digest | undefined,
  expected: Expected,
  trailers: Readonly<Record<string, string>>,
): Promise<PartChecksum | undefined> {
  if (algorithm === undefined || digest === undefined) return undefined
  const value = Buffer.from(await digest.digest()).toString('base64')
  const claimed = expected.trailer === undefined ? expected.value : checksumIn(trailers)?.value
  if (expected.trailer !== undefined && claimed === undefined) {
    throw new S3Error('InvalidRequest', `The trailing header ${expected.trailer} is missing.`)
  }
  if (claimed !== undefined && claimed !== value) {
    throw new S3Error(
      'BadDigest',
      `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
    )
  }
  return { algorithm, value }
}

function incomplete(): S3Error {
  return new S3Error(
    'IncompleteBody',
    'You did not provide the number of bytes specified by the Content-Length HTTP header',
  )
}
