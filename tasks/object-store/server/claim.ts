import { algorithm as known, unsignedBody } from '../sigv4.ts'
import { parameter, type S3Request } from './exchange.ts'
import { S3Error } from './s3-error.ts'

/** Who a request says it is from and what it says it signed: well-formed and in time, but not verified. */
export interface Claim {
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

const skew = 15 * 60_000
/** Seconds. */
const longestPresigned = 7 * 24 * 3600

/** Reads the claim in the Authorization header, or in the URL where there is none; throws the S3Error that S3 answers. */
export function claimOf(request: S3Request, now: number): Claim {
  return request.headers.authorization === undefined ? queryClaim(request, now) : headerClaim(request, now)
}

function headerClaim(request: S3Request, now: number): Claim {
  const header = request.headers.authorization ?? ''
  if (!header.startsWith(`${known} `)) {
    const message = 'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.'
    throw new S3Error('InvalidRequest', message)
  }
  const fields = Object.fromEntries(
    header
      .slice(known.length)
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
  if (algorithm !== known) throw wrong('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"')
  const credential = credentialOf(parameter(request, 'X-Amz-Credential') ?? '')
  const signedHeaders = parameter(request, 'X-Amz-SignedHeaders')
  const signature = parameter(request, 'X-Amz-Signature')
  const date = basicDate(parameter(request, 'X-Amz-Date'))
  const expires = parameter(request, 'X-Amz-Expires') ?? ''
  if (!credential || !signedHeaders || !signature)
    throw wrong('Query-string authentication requires the Signature, SignedHeaders and Credential parameters')
  if (date === undefined) throw wrong("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
  if (!/^\d{1,9}$/.test(expires)) throw wrong('X-Amz-Expires should be a number')
  if (Number(expires) > longestPresigned)
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
  const payload = request.headers['x-amz-content-sha256'] ?? parameter(request, 'X-Amz-Content-Sha256') ?? unsignedBody
  return { ...credential, date: date.text, signedHeaders: signedHeaders.split(';'), signature, payload, in: 'query' }
}

function credentialOf(text: string) {
  const parts = text.split('/')
  const [day, region, service, end] = parts.slice(-4)
  if (parts.length < 5 || !day || !/^\d{8}$/.test(day) || !region || !service || end !== 'aws4_request')
    return undefined
  return { accessKeyId: parts.slice(0, -4).join('/'), day, region, service }
}

function basicDate(text: string | undefined): { readonly text: string; readonly time: number } | undefined {
  if (text === undefined) return undefined
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  const time = Date.parse(parts ? `${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}:${parts[5]}:${parts[6]}Z` : text)
  if (Number.isNaN(time)) return undefined
  return { text: parts ? text : new Date(time).toISOString().replace(/[-:]|\.\d+/g, ''), time }
}
