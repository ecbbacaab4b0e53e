import { cannot, messageOf, Problem } from '../../lib/index.ts'

/** What kind of thing went wrong between us and an endpoint. */
export type Trouble =
  | 'refused'
  | 'unresolved'
  | 'broken'
  | 'timeout'
  | 'busy'
  | 'damaged'
  | 'full'
  | 'open-files'
  | 'skewed'
  | 'denied'
  | 'region'
  | 'missing'
  | 'not-s3'
  | 'other'

const refused = ['ConnectionRefused', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'FailedToOpenSocket']
const unresolved = ['DNSResolveFailed', 'ENOTFOUND', 'EAI_AGAIN']
const timedOut = ['TimeoutError', 'AbortError', 'Timeout', 'ETIMEDOUT', 'ConnectionTimeout']
const broken = ['ConnectionClosed', 'ECONNRESET', 'EPIPE', 'ConnectionReset']
const busy = [
  'SlowDown',
  'ServiceUnavailable',
  'InternalError',
  'RequestTimeout',
  'TooManyRequests',
  'ThrottlingException',
]
const broke = ['Damaged', 'IncompleteBody', 'BadDigest', 'XAmzContentSHA256Mismatch']
const openFiles = ['EMFILE', 'ENFILE']
const full = ['InsufficientStorage', 'XMinioStorageFull', 'QuotaExceeded']
const skewed = ['RequestTimeTooSkewed']
const denied = ['AccessDenied', 'InvalidAccessKeyId', 'SignatureDoesNotMatch', 'ExpiredToken']
const region = ['AuthorizationHeaderMalformed', 'PermanentRedirect', 'IllegalLocationConstraintException']
const missing = ['NoSuchKey', 'NoSuchBucket', 'NotFound']

/** Sorts an error of `fetch` or of the AWS SDK, or what S3 answered. */
export function troubleOf(error: unknown): Trouble {
  const codes = codesOf(error)
  const any = (known: readonly string[]) => codes.some((code) => known.includes(code))
  if (any(openFiles)) return 'open-files'
  if (any(refused)) return 'refused'
  if (any(unresolved)) return 'unresolved'
  // First the code: the SDK names a connection that was reset a TimeoutError.
  if (any(broken)) return 'broken'
  if (any(timedOut)) return 'timeout'
  if (any(full) || statusOf(error) === 507) return 'full'
  if (any(busy) || [429, 500, 502, 503, 504].includes(statusOf(error) ?? 0)) return 'busy'
  if (any(broke) || /^Checksum mismatch/.test(messageOf(error))) return 'damaged'
  // A URL that was signed too early or too late is told so in other words.
  if (any(skewed) || /^Request (has expired|is not valid yet)/.test(messageOf(error))) return 'skewed'
  if (any(region)) return 'region'
  if (any(denied) || statusOf(error) === 403) return 'denied'
  if (any(['NotS3', 'Malformed_HTTP_Response']) || codes.some((code) => code.startsWith('HPE_'))) return 'not-s3'
  if (noXml.test(messageOf(error))) return 'not-s3'
  if (any(missing) || statusOf(error) === 404) return 'missing'
  return 'other'
}

/** Whether the same request may well end better the next time: never after a refusal, nor where an answer says what is there. */
export function isPassing(error: unknown): boolean {
  if (error instanceof Problem) return false
  const trouble = troubleOf(error)
  // An answer that was cut short is no XML.
  return passing.includes(trouble) || (trouble === 'not-s3' && noXml.test(messageOf(error)))
}

const noXml = /XML parse error/

const passing: readonly Trouble[] = ['broken', 'timeout', 'refused', 'busy', 'damaged', 'open-files']

/** What is wrong, in few words: `503 SlowDown`. */
export function briefly(error: unknown): string {
  const status = statusOf(error)
  const [code = messageOf(error)] = codesOf(error).filter((word) => word !== 'Error' && word !== 'UnknownError')
  return [status === undefined || `${status}` === code ? '' : status, code].filter(Boolean).join(' ')
}

/** What came is not what was sent. */
export function damaged(what: string): Error {
  return Object.assign(new Error(what), { code: 'Damaged' })
}

/** An answer other than success. */
export function s3Error(httpStatusCode: number, code: string, message: string): Error {
  return Object.assign(new Error(message), { code, $metadata: { httpStatusCode } })
}

/** What answers is no S3, told by `what`. */
export function notS3(what: string): Error {
  return Object.assign(new Error(what), { code: 'NotS3' })
}

/** The HTTP status that S3 answered with. */
export function statusOf(error: unknown): number | undefined {
  const metadata = field(error, '$metadata')
  const status = field(metadata, 'httpStatusCode')
  return typeof status === 'number' ? status : undefined
}

/** Whether S3 gave this code for it. */
export function hasCode(error: unknown, code: string): boolean {
  return codesOf(error).includes(code)
}

/** The sentence for an error met while doing `action` ("put 'raw/a.jpg'") for the `attempts`th time; a Problem stays what it is. */
export function endpointProblem(action: string, url: string, error: unknown, attempts = 1): Problem {
  if (error instanceof Problem) return error
  const say = (rule: string, found: string, next: string) => {
    const tried = attempts > 1 ? `, tried ${attempts} times` : ''
    const problem = cannot(action, 'S3_ENDPOINT', rule, `${url} (${found}${tried})`, next)
    problem.cause = error
    return problem
  }
  switch (troubleOf(error)) {
    case 'refused':
      return say('a server that accepts connections', 'connection refused', 'Start it, or unset S3_ENDPOINT.')
    case 'unresolved':
      return say('a host that can be found', 'its name does not resolve', 'Check the name and the network.')
    case 'timeout':
      return say('a server that answers in time', 'timed out', 'See whether it is up and reachable from here.')
    case 'busy':
      return say('a server that answers in the end', `${statusOf(error) ?? ''} ${detail(error)}`.trim(), 'See its log.')
    case 'damaged':
      return say('a server that gives and takes what it is sent', detail(error), 'See the network, and its disks.')
    case 'open-files':
      return cannot(action, 'ulimit -n', 'more than what is open at once', detail(error), 'Raise it, or lower --jobs.')
    case 'full':
      return say('a server with room', `${statusOf(error) ?? ''} ${detail(error)}`.trim(), 'Free some of its disk.')
    case 'skewed': {
      const next = `This machine's clock says ${new Date().toISOString()}: set the one that is wrong.`
      return say('a server whose clock agrees with the one here', `403 ${detail(error)}`, next)
    }
    case 'denied':
      return say(
        'a server that accepts the keys',
        `403 ${detail(error)}`,
        'Check AWS_ACCESS_KEY_ID, its secret and rights.',
      )
    case 'region':
      return say('an endpoint of the region in AWS_REGION', detail(error), 'Set AWS_REGION to the region it expects.')
    case 'broken':
      return say(
        'an S3 server that stays up',
        'it closed the connection without an answer',
        'See its log, the port, and how many files it may open (ulimit -n).',
      )
    case 'not-s3':
      return say('an S3 server', `it does not answer as S3: ${messageOf(error)}`, 'Check the address and port.')
    case 'missing':
      return new Problem(`Cannot ${action}: ${detail(error)}`, { cause: error })
    case 'other':
      return say('a server that can do this', detail(error), '')
  }
}

function detail(error: unknown): string {
  const code = codesOf(error).find((word) => word !== 'Error' && word !== 'S3Error')
  const words = [code, messageOf(error)].filter((word) => word && word !== 'UnknownError')
  return [...new Set(words)].join(', ').split('\n', 1)[0] ?? ''
}

function codesOf(error: unknown): string[] {
  return [field(error, 'code'), field(error, 'name')].filter((code) => typeof code === 'string')
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
