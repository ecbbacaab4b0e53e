import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import type { Endpoint } from '../../tasks/object-store/client.ts'

/** A request before it is signed. The path is percent-encoded already and stays as it is. */
export interface Unsigned {
  readonly method: string
  readonly host: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
}

export interface SigningOptions {
  readonly date?: Date
  readonly region?: string
}

type Keys = Pick<Endpoint, 'accessKeyId' | 'secretAccessKey' | 'region'>

/** Returns the headers of `request` with SigV4's added; `x-amz-content-sha256` must be among them. */
export async function signHeaders(
  keys: Keys,
  request: Unsigned,
  { date, region }: SigningOptions = {},
): Promise<Record<string, string>> {
  const signed = await signer(keys, region).sign(
    smithyRequest(request),
    date === undefined ? {} : { signingDate: date },
  )
  return signed.headers
}

/** Returns the query of `request` with SigV4's parameters added, valid for `expires` seconds from `date` on. */
export async function signQuery(
  keys: Keys,
  request: Unsigned,
  expires: number,
  { date, region }: SigningOptions = {},
): Promise<Record<string, string>> {
  const signed = await signer(keys, region).presign(smithyRequest(request), {
    expiresIn: expires,
    ...(date === undefined ? {} : { signingDate: date }),
  })
  const query: Record<string, string> = {}
  for (const [name, value] of Object.entries(signed.query ?? {})) query[name] = String(value ?? '')
  return query
}

/** Percent-encodes all but the unreserved characters of RFC 3986, as S3 signs them. */
export function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}

export const encodeKey = (key: string): string => key.split('/').map(encode).join('/')

export function encodeQuery(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&')
}

export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')

/** The signatures of aws-chunked bodies, each made from the one before (AWS: "Signature calculations for the authorization header", chunked). */
export function chunkSigner(keys: Keys, amzDate: string, seed: string) {
  const day = amzDate.slice(0, 8)
  const scope = `${day}/${keys.region}/s3/aws4_request`
  const steps = [day, keys.region, 's3', 'aws4_request']
  const key = steps.reduce<string | Buffer>(
    (from, step) => createHmac('sha256', from).update(step).digest(),
    `AWS4${keys.secretAccessKey}`,
  )
  let previous = seed
  const next = (kind: string, ...hashes: string[]) => {
    const text = [`AWS4-HMAC-SHA256-${kind}`, amzDate, scope, previous, ...hashes].join('\n')
    previous = createHmac('sha256', key).update(text).digest('hex')
    return previous
  }
  return {
    chunk: (data: Uint8Array) => next('PAYLOAD', sha256(''), sha256(data)),
    trailer: (lines: string) => next('TRAILER', sha256(lines)),
  }
}

function signer({ accessKeyId, secretAccessKey, region }: Keys, scope = region): SignatureV4 {
  return new SignatureV4({
    credentials: { accessKeyId, secretAccessKey },
    region: scope,
    service: 's3',
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  })
}

function smithyRequest({ method, host, path, query, headers }: Unsigned) {
  const { hostname } = new URL(`http://${host}`)
  return { method, protocol: 'http:', hostname, path, query: { ...query }, headers: { ...headers, host } }
}

/** The hash that the signer asks for, over node:crypto; a class as the signer calls `new`. */
class Sha256 {
  readonly #start: () => Hash | Hmac
  #hash: Hash | Hmac
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#start = () => (secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret)))
    this.#hash = this.#start()
  }
  update(data: Uint8Array): void {
    this.#hash.update(data)
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {
    this.#hash = this.#start()
  }
}

function bytesOf(source: string | ArrayBuffer | ArrayBufferView): string | Uint8Array {
  if (typeof source === 'string') return source
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source)
}
