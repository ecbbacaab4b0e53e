import { timingSafeEqual } from 'node:crypto'
import type { Endpoint } from '../client.ts'
import { canonicalRequest, hmac, scopeOf, signingKeys, spelt, textToSign } from '../sigv4.ts'
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
 * Verifies the SigV4 signature of a request, in the Authorization header or in the URL.
 * Throws the S3Error that S3 answers: unsigned, malformed, unknown key, expired, skewed by more than 15 minutes, or wrong.
 */
export function verifySignature(request: S3Request, credentials: Credentials, now: number): Signed {
  const claim = claimOf(request, now)
  checkCredential(claim, credentials)
  checkSignedHeaders(claim, request)
  const { region, secretAccessKey } = credentials
  const key = keyOf(secretAccessKey, claim.date, region)
  const sign = (text: string) => hmac(key, text).digest('hex')
  const canonical = canonicalOf(request, claim)
  const scope = scopeOf(claim.date, region)
  const toSign = textToSign(canonical, claim.date, region)
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

// Presigned URLs live a week, but nearly all requests are of today.
const keyOf = signingKeys()

function canonicalOf({ method, path, query, headers: given }: S3Request, { signedHeaders, payload }: Claim): string {
  const headers = Object.fromEntries(signedHeaders.map((name) => [name, given[name] ?? '']))
  return canonicalRequest({ method, path: canonicalPath(path), query, headers, payload })
}

/** S3 signs the path decoded and encoded once more, whatever way the client had written it. */
function canonicalPath(path: string): string {
  return decodePath(path).split('/').map(spelt).join('/')
}

/** Compares in a time that does not depend on where they differ. */
export function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
