import type { Endpoint } from './client.ts'

/** A request of S3, before it is signed. */
export interface S3Ask {
  readonly method: 'GET' | 'PUT' | 'HEAD' | 'POST'
  readonly bucket: string
  /** Absent where the bucket itself is asked. */
  readonly key?: string
  readonly query?: Readonly<Record<string, string>>
  /** In lower case. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface SignedAsk {
  readonly origin: string
  /** Path and query, as they are signed. */
  readonly target: string
  readonly headers: Record<string, string>
}

const unsignedBody = 'UNSIGNED-PAYLOAD'

/**
 * Signs requests with SigV4 in their headers (AWS, "Create a signed AWS API request"); what a signed body's hash would protect, its
 * checksum does. Ours, since to load the SDK's signer takes a small stage longer than all it asks of its store; a test holds the two
 * against each other.
 */
export function signing(endpoint: Endpoint): (ask: S3Ask, at?: Date) => SignedAsk {
  const { region, accessKeyId, secretAccessKey, sessionToken } = endpoint
  const { origin, host, pathname } = new URL(endpoint.url)
  const base = pathname.replace(/\/$/, '')
  let known: { readonly day: string; readonly key: Uint8Array } | undefined
  const keyOf = (day: string) => {
    const steps = [day, region, 's3', 'aws4_request']
    const secret: Uint8Array = Buffer.from(`AWS4${secretAccessKey}`)
    if (known?.day !== day) known = { day, key: steps.reduce((key, step) => hmac(key, step).digest(), secret) }
    return known.key
  }
  return ({ method, bucket, key, query = {}, headers = {} }, at = new Date()) => {
    const time = at.toISOString().replace(/[-:]|\.\d+/g, '')
    const day = time.slice(0, 8)
    const path = `${base}/${key === undefined ? bucket : `${bucket}/${key.split('/').map(spelt).join('/')}`}`
    const search = sorted(query).map(([name, value]) => `${spelt(name)}=${spelt(value)}`)
    const all: Record<string, string> = {
      host,
      'x-amz-content-sha256': unsignedBody,
      'x-amz-date': time,
      ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
      ...headers,
    }
    const named = sorted(all)
    const names = named.map(([name]) => name).join(';')
    const lines = named.map(([name, value]) => `${name}:${value.trim().replace(/\s+/g, ' ')}\n`).join('')
    const canonical = [method, path, search.join('&'), lines, names, unsignedBody].join('\n')
    const scope = `${day}/${region}/s3/aws4_request`
    const text = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${Bun.SHA256.hash(canonical, 'hex')}`
    const signature = hmac(keyOf(day), text).digest('hex')
    const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`
    const target = search.length === 0 ? path : `${path}?${search.join('&')}`
    return { origin, target, headers: { ...all, authorization } }
  }
}

function hmac(key: Uint8Array, text: string): Bun.CryptoHasher {
  return new Bun.CryptoHasher('sha256', key).update(text)
}

function sorted(fields: Readonly<Record<string, string>>): [name: string, value: string][] {
  return Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))
}

/** As signatures want it: RFC 3986, which escapes five characters more than `encodeURIComponent`. */
function spelt(part: string): string {
  return encodeURIComponent(part).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}
