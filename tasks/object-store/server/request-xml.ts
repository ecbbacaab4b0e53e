import { createHash } from 'node:crypto'
import { sha256Hex } from '../sigv4.ts'
import { parseDocument } from '../xml.ts'
import { chunkDecoder } from './aws-chunked.ts'
import { checksumIn, newDigest } from './checksums.ts'
import type { S3Request } from './exchange.ts'
import { S3Error } from './s3-error.ts'
import type { Signed } from './signature.ts'

/** A thousand keys of 1024 bytes, each byte escaped, and the tags around them. */
const limit = 8 << 20

/** Reads a small XML body whole, verified like any other; an absent one is undefined where that is allowed, else MalformedXML. */
export async function readXmlBody(
  request: S3Request,
  signed: Signed,
  root: string,
  presence: 'optional' | 'required' = 'required',
): Promise<unknown> {
  const bytes = await readSmallBody(request, signed)
  if (bytes.byteLength === 0 && presence === 'optional') return undefined
  const content = parseDocument(bytes.toString(), root)
  if (content === undefined) throw malformedXml()
  return content
}

async function readSmallBody(request: S3Request, signed: Signed): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  let size = 0
  const deliver = (piece: Uint8Array) => {
    pieces.push(piece)
    size += piece.byteLength
    if (size > limit) throw malformedXml()
  }
  const decoder = signed.payload.startsWith('STREAMING-') ? chunkDecoder(signed, deliver) : undefined
  await request.read(decoder ? decoder.push : deliver)
  const trailers = decoder?.end() ?? {}
  const bytes = Buffer.concat(pieces)
  if (/^[0-9a-f]{64}$/.test(signed.payload) && sha256Hex(bytes) !== signed.payload) {
    throw new S3Error(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    )
  }
  const md5 = request.headers['content-md5']
  if (md5 !== undefined && createHash('md5').update(bytes).digest('base64') !== md5) {
    throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.')
  }
  return bytes.byteLength === 0 ? bytes : await checked(bytes, { ...trailers, ...request.headers })
}

async function checked(bytes: Buffer, headers: Readonly<Record<string, string>>): Promise<Buffer> {
  const expected = checksumIn(headers)
  // Complete's header is the checksum of the object, not of the request.
  if (!expected || headers['x-amz-sdk-checksum-algorithm'] === undefined) return bytes
  const digest = newDigest(expected.algorithm)
  digest.update(bytes)
  if (Buffer.from(await digest.digest()).toString('base64') === expected.value) return bytes
  const name = expected.algorithm.toUpperCase()
  throw new S3Error('BadDigest', `The ${name} you specified did not match the calculated checksum.`)
}

export function malformedXml(): S3Error {
  const message = 'The XML you provided was not well-formed or did not validate against our published schema'
  return new S3Error('MalformedXML', message)
}
