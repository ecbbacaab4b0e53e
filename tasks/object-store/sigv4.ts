/**
 * AWS Signature Version 4, for the client and for the embedded store (AWS, "Create a signed AWS API request"). Ours, since to load the SDK's
 * takes a small run longer than all it asks of its store; tests hold it against the SDK's, on both sides.
 */
export const algorithm = 'AWS4-HMAC-SHA256'
export const unsignedBody = 'UNSIGNED-PAYLOAD'

export interface Canonical {
  readonly method: string
  /** Spelt as it is sent. */
  readonly path: string
  readonly query: Readonly<Record<string, readonly string[]>>
  /** Those that are signed, by their names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** The hash of the body in hex, or what stands for it. */
  readonly payload: string
}

/** What of a request is signed, in its one form. */
export function canonicalRequest({ method, path, query, headers, payload }: Canonical): string {
  const signed = sorted(Object.entries(headers))
  const lines = signed.map(([name, value]) => `${name}:${value.trim().replace(/\s+/g, ' ')}\n`)
  return [method, path, canonicalQuery(query), lines.join(''), namesOf(headers), payload].join('\n')
}

/** As it is signed, and may be sent. */
export function canonicalQuery(query: Canonical['query']): string {
  const fields = Object.entries(query).filter(([name]) => name.toLowerCase() !== 'x-amz-signature')
  const spelled = fields.flatMap(([name, values]) => values.map((value) => [spelt(name), spelt(value)] as const))
  return sorted(spelled)
    .map((field) => field.join('='))
    .join('&')
}

/** The names of headers as a signature lists them. */
export function namesOf(headers: Canonical['headers']): string {
  return Object.keys(headers).sort().join(';')
}

/** The text that is signed with a day's key; `time` like 20261121T094446Z. */
export function textToSign(canonical: string, time: string, region: string): string {
  return [algorithm, time, scopeOf(time, region), sha256Hex(canonical)].join('\n')
}

export function scopeOf(time: string, region: string): string {
  return `${dayOf(time)}/${region}/s3/aws4_request`
}

/** The key of a day, which is `time` or begins it; made anew only when that, or the secret, is another. */
export function signingKeys(): (secret: string, time: string, region: string) => Uint8Array {
  let known: { readonly name: string; readonly key: Uint8Array } | undefined
  return (secret, time, region) => {
    const name = `${dayOf(time)} ${region} ${secret}`
    if (known?.name !== name) {
      const first: Uint8Array = Buffer.from(`AWS4${secret}`)
      const steps = [dayOf(time), region, 's3', 'aws4_request']
      known = { name, key: steps.reduce((key, step) => hmac(key, step).digest(), first) }
    }
    return known.key
  }
}

export function hmac(key: Uint8Array, text: string): Bun.CryptoHasher {
  return new Bun.CryptoHasher('sha256', key).update(text)
}

export function sha256Hex(text: string | Uint8Array): string {
  return Bun.SHA256.hash(text, 'hex')
}

/** As signatures want it: RFC 3986, which escapes five characters more than `encodeURIComponent`. */
export function spelt(part: string): string {
  return encodeURIComponent(part).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}

function dayOf(time: string): string {
  return time.slice(0, 8)
}

/** By name, then by value. */
function sorted<T extends readonly [name: string, value: string]>(fields: readonly T[]): T[] {
  return [...fields].sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : 1))
}
