import type { Endpoint } from './client.ts'
import {
  algorithm,
  canonicalQuery,
  canonicalRequest,
  hmac,
  namesOf,
  scopeOf,
  signingKeys,
  spelt,
  textToSign,
  unsignedBody,
} from './sigv4.ts'

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

/** Signs requests in their headers, and not their bodies: what a signed body's hash would protect, its checksum does. */
export function signing(endpoint: Endpoint): (ask: S3Ask, at?: Date) => SignedAsk {
  const { region, accessKeyId, secretAccessKey, sessionToken } = endpoint
  const { origin, host, pathname } = new URL(endpoint.url)
  const base = pathname.replace(/\/$/, '')
  const keyOf = signingKeys()
  return ({ method, bucket, key, query: asked = {}, headers: given }, at = new Date()) => {
    const time = at.toISOString().replace(/[-:]|\.\d+/g, '')
    const path = `${base}/${key === undefined ? bucket : `${bucket}/${key.split('/').map(spelt).join('/')}`}`
    const query = Object.fromEntries(Object.entries(asked).map(([name, value]) => [name, [value]]))
    const headers = {
      host,
      'x-amz-content-sha256': unsignedBody,
      'x-amz-date': time,
      ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
      ...given,
    }
    const canonical = canonicalRequest({ method, path, query, headers, payload: unsignedBody })
    const text = textToSign(canonical, time, region)
    const signature = hmac(keyOf(secretAccessKey, time, region), text).digest('hex')
    const credential = `${accessKeyId}/${scopeOf(time, region)}`
    const authorization = `${algorithm} Credential=${credential}, SignedHeaders=${namesOf(headers)}, Signature=${signature}`
    const search = canonicalQuery(query)
    const target = search === '' ? path : `${path}?${search}`
    return { origin, target, headers: { ...headers, authorization } }
  }
}
