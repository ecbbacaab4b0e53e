import { createHmac, timingSafeEqual } from 'node:crypto'
import {
  ALGORITHM_IDENTIFIER,
  createScope,
  getCanonicalHeaders,
  getSigningKey,
  SignatureV4Base,
} from '@smithy/signature-v4'
import type { Endpoint } from '../client.ts'
import { decodePath } from './address.ts'
import { type Claim, claimOf } from './claim.ts'
import type { S3Request } from './exchange.ts'
import { S3Error } from './s3-error.ts'

export type Credentials = Pick<Endpoint, 'accessKeyId' | 'secretAccessKey' | 'region'>

/** What a verified request promised about its body. */
export interface Signed {
  /** `x-amz-content-sha256`: a hash in hex, `UNSIGNED-PAYLOAD` or one of the `STREAMING-…` forms. */
  readonly payload: string
  /** The seed of a signed body's chain of signatures. */
  readonly signature: string
  readonly date: string
  readonly scope: string
  /** HMAC in hex with the day's signing key. */
  sign(text: string): string
}

/**
 * Verifies the SigV4 signature of a request, in the Authorization header or in the URL, with the AWS SDK's own canonical form.
 * Throws the S3Error that S3 answers: unsigned, malformed, unknown key, expired, skewed by more than 15 minutes, or wrong.
 */
export async function verifySignature(request: S3Request, credentials: Credentials, now: number): Promise<Signed> {
  const claim = claimOf(request, now)
  checkCredential(claim, credentials)
  checkSignedHeaders(claim, request)
  const key = await signingKey(credentials, claim.day)
  const sign = (text: string) => createHmac('sha256', key).update(text).digest('hex')
  const canonical = canonicalRequest(request, claim)
  const scope = createScope(claim.day, credentials.region, 's3')
  const toSign = `${ALGORITHM_IDENTIFIER}\n${claim.date}\n${scope}\n${sha256Hex(canonical)}`
  if (!sameText(sign(toSign), claim.signature)) {
    const message =
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.'
    throw new S3Error('SignatureDoesNotMatch', message, { StringToSign: toSign, CanonicalRequest: canonical })
  }
  return { payload: claim.payload, signature: claim.signature, date: claim.date, scope, sign }
}

function checkCredential(claim: Claim, { accessKeyId, region }: Credentials): void {
  if (!sameText(claim.accessKeyId, accessKeyId)) {
    const message = 'The AWS Access Key Id you provided does not exist in our records.'
    throw new S3Error('InvalidAccessKeyId', message, { AWSAccessKeyId: claim.accessKeyId })
  }
  const code = claim.in === 'header' ? 'AuthorizationHeaderMalformed' : 'AuthorizationQueryParametersError'
  if (claim.service !== 's3')
    throw new S3Error(code, `incorrect service "${claim.service}". This endpoint belongs to "s3".`)
  if (claim.region !== region) {
    throw new S3Error(code, `the region '${claim.region}' is wrong; expecting '${region}'`, { Region: region })
  }
}

function checkSignedHeaders(claim: Claim, request: S3Request): void {
  const signed = new Set(claim.signedHeaders)
  // A presigned URL cannot know the hash of the body that will be sent with it.
  const free = claim.in === 'query' ? 'x-amz-content-sha256' : undefined
  const missing = Object.keys(request.headers).filter(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !signed.has(name) && name !== free,
  )
  if (missing.length === 0) return
  throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed', {
    HeadersNotSigned: missing.join(', '),
  })
}

/** The SDK's canonical form, which its base class keeps to its children. */
class Canonical extends SignatureV4Base {
  constructor() {
    const none = { accessKeyId: '', secretAccessKey: '' }
    super({ service: 's3', region: '', credentials: none, sha256: Sha256, uriEscapePath: false })
  }
  of(
    request: Parameters<SignatureV4Base['createCanonicalRequest']>[0],
    headers: Record<string, string>,
    payload: string,
  ): string {
    return this.createCanonicalRequest(request, headers, payload)
  }
}

/** SHA-256 and its HMAC in the shape the SDK asks for. */
class Sha256 {
  readonly #hash: Bun.CryptoHasher
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = new Bun.CryptoHasher('sha256', secret === undefined ? undefined : bytesOf(secret))
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data))
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest())
  }
  reset(): void {
    throw new Error('a hash here is used once')
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data)
  return data instanceof ArrayBuffer ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}

const canonicalizer = new Canonical()

function canonicalRequest(request: S3Request, claim: Claim): string {
  const names = new Set(claim.signedHeaders)
  const headers = Object.fromEntries(claim.signedHeaders.map((name) => [name, request.headers[name] ?? '']))
  const path = canonicalPath(request.path)
  const query = Object.fromEntries(Object.entries(request.query).map(([name, values]) => [name, [...values]]))
  const target = { method: request.method, path, query, headers, protocol: 'http:', hostname: 'localhost' }
  return canonicalizer.of(target, getCanonicalHeaders(target, undefined, names), claim.payload)
}

/** S3 signs the path decoded and encoded once more, whatever way the client had written it. */
function canonicalPath(path: string): string {
  const encode = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
  return decodePath(path).split('/').map(encode).join('/')
}

const keys = new Map<string, Promise<Uint8Array>>()

function signingKey(credentials: Credentials, day: string): Promise<Uint8Array> {
  const name = `${day} ${credentials.region} ${credentials.secretAccessKey}`
  const known = keys.get(name)
  if (known) return known
  // Presigned URLs live a week at most: the days in use are few.
  if (keys.size > 64) keys.clear()
  const made = getSigningKey(Sha256, credentials, day, credentials.region, 's3')
  keys.set(name, made)
  return made
}

export function sha256Hex(text: string | Uint8Array): string {
  return new Bun.CryptoHasher('sha256').update(text).digest('hex')
}

/** Compares in a time that does not depend on where they differ. */
export function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
