import { createHmac, timingSafeEqual } from 'node:crypto'
import {
  ALGORITHM_IDENTIFIER,
  createScope,
  getCanonicalHeaders,
  getSigningKey,
  MAX_PRESIGNED_TTL,
  SignatureV4Base,
  UNSIGNED_PAYLOAD,
} from '@smithy/signature-v4'
import type { Endpoint } from '../client.ts'
import { decodePath } from './address.ts'
import { parameter, type S3Request } from './exchange.ts'
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

const skew = 15 * 60_000

/**
 * Verifies the SigV4 signature of a request, in the Authorization header or in the URL, with the AWS SDK's own canonical form.
 * Throws the S3Error that S3 answers: unsigned, malformed, unknown key, expired, skewed by more than 15 minutes, or wrong.
 */
export async function verifySignature(request: S3Request, credentials: Credentials, now: number): Promise<Signed> {
  const claim = request.headers.authorization === undefined ? queryClaim(request, now) : headerClaim(request, now)
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

interface Claim {
  readonly accessKeyId: string
  readonly day: string
  readonly region: string
  readonly service: string
  readonly date: string
  readonly signedHeaders: readonly string[]
  readonly signature: string
  readonly payload: string
  readonly in: 'header' | 'query'
}

function headerClaim(request: S3Request, now: number): Claim {
  const header = request.headers.authorization ?? ''
  if (!header.startsWith(`${ALGORITHM_IDENTIFIER} `)) {
    const message = 'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.'
    throw new S3Error('InvalidRequest', message)
  }
  const fields = Object.fromEntries(
    header
      .slice(ALGORITHM_IDENTIFIER.length)
      .split(',')
      .map((part) => [part.slice(0, part.indexOf('=')).trim(), part.slice(part.indexOf('=') + 1).trim()]),
  )
  const credential = credentialOf(fields.Credential ?? '')
  if (!credential || !fields.SignedHeaders || !fields.Signature) {
    throw new S3Error('AuthorizationHeaderMalformed', 'The authorization header that you provided is not valid.')
  }
  const payload = request.headers['x-amz-content-sha256']
  if (payload === undefined) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256')
  }
  const date = basicDate(request.headers['x-amz-date'] ?? request.headers.date)
  if (date === undefined)
    throw new S3Error('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header')
  if (Math.abs(date.time - now) > skew) {
    throw new S3Error(
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
      {
        RequestTime: date.text,
        ServerTime: new Date(now).toISOString(),
        MaxAllowedSkewMilliseconds: String(skew),
      },
    )
  }
  if (!date.text.startsWith(credential.day)) {
    throw new S3Error('AuthorizationHeaderMalformed', 'The authorization header is malformed; Invalid credential date.')
  }
  return {
    ...credential,
    date: date.text,
    signedHeaders: fields.SignedHeaders.split(';'),
    signature: fields.Signature,
    payload,
    in: 'header',
  }
}

function queryClaim(request: S3Request, now: number): Claim {
  const algorithm = parameter(request, 'X-Amz-Algorithm')
  if (algorithm === undefined) throw new S3Error('AccessDenied', 'Access Denied')
  const wrong = (message: string) => new S3Error('AuthorizationQueryParametersError', message)
  if (algorithm !== ALGORITHM_IDENTIFIER) throw wrong('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"')
  const credential = credentialOf(parameter(request, 'X-Amz-Credential') ?? '')
  const signedHeaders = parameter(request, 'X-Amz-SignedHeaders')
  const signature = parameter(request, 'X-Amz-Signature')
  const date = basicDate(parameter(request, 'X-Amz-Date'))
  const expires = parameter(request, 'X-Amz-Expires') ?? ''
  if (!credential || !signedHeaders || !signature)
    throw wrong('Query-string authentication requires the Signature, SignedHeaders and Credential parameters')
  if (date === undefined) throw wrong("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
  if (!/^\d{1,9}$/.test(expires)) throw wrong('X-Amz-Expires should be a number')
  if (Number(expires) > MAX_PRESIGNED_TTL)
    throw wrong(
      'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
    )
  if (!date.text.startsWith(credential.day)) throw wrong('Invalid credential date')
  if (date.time - now > skew) throw new S3Error('AccessDenied', 'Request is not valid yet')
  const end = date.time + Number(expires) * 1000
  if (now > end) {
    throw new S3Error('AccessDenied', 'Request has expired', {
      'X-Amz-Expires': expires,
      Expires: new Date(end).toISOString(),
      ServerTime: new Date(now).toISOString(),
    })
  }
  const payload =
    request.headers['x-amz-content-sha256'] ?? parameter(request, 'X-Amz-Content-Sha256') ?? UNSIGNED_PAYLOAD
  return { ...credential, date: date.text, signedHeaders: signedHeaders.split(';'), signature, payload, in: 'query' }
}

function credentialOf(text: string) {
  const parts = text.split('/')
  const [day, region, service, end] = parts.slice(-4)
  if (parts.length < 5 || !day || !/^\d{8}$/.test(day) || !region || !service || end !== 'aws4_request')
    return undefined
  return { accessKeyId: parts.slice(0, -4).join('/'), day, region, service }
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

function basicDate(text: string | undefined): { readonly text: string; readonly time: number } | undefined {
  if (text === undefined) return undefined
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  const time = Date.parse(parts ? `${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}:${parts[5]}:${parts[6]}Z` : text)
  if (Number.isNaN(time)) return undefined
  return { text: parts ? text : new Date(time).toISOString().replace(/[-:]|\.\d+/g, ''), time }
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
