import type { SignatureV4 } from '@smithy/signature-v4'
import type { Endpoint } from './client.ts'

/** Where a request goes and with which headers. */
export type Sign = (
  method: 'GET' | 'PUT',
  bucket: string,
  key: string,
  headers: Readonly<Record<string, string>>,
) => Promise<{ readonly url: string; readonly headers: Record<string, string> }>

/** Signs requests with SigV4 in their headers; the signer is loaded with the first. */
export function signing({ url, region, ...credentials }: Endpoint): Sign {
  const { protocol, hostname, host, port, pathname } = new URL(url)
  const base = pathname.replace(/\/$/, '')
  let loading: Promise<SignatureV4> | undefined
  const load = async () => {
    const { SignatureV4 } = await import('@smithy/signature-v4')
    // The path is spelt before it is signed; what the body's hash would protect, its checksum does.
    const settings = { service: 's3', region, credentials, sha256: Sha256, uriEscapePath: false, applyChecksum: false }
    return new SignatureV4(settings)
  }
  return async (method, bucket, key, headers) => {
    loading ??= load()
    const path = `${base}/${bucket}/${key.split('/').map(spelt).join('/')}`
    const unsigned = {
      method,
      protocol,
      hostname,
      ...(port !== '' && { port: Number(port) }),
      path,
      query: {},
      headers: { host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...headers },
    }
    const signed = await (await loading).sign(unsigned)
    return { url: `${protocol}//${host}${path}`, headers: signed.headers }
  }
}

/** As signatures want it: RFC 3986, which escapes five characters more than `encodeURIComponent`. */
function spelt(part: string): string {
  return encodeURIComponent(part).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** A hash as the signer wants it. */
class Sha256 {
  readonly #hash: Bun.CryptoHasher
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? new Bun.CryptoHasher('sha256') : new Bun.CryptoHasher('sha256', bytesOf(secret))
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data))
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {}
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return new TextEncoder().encode(data)
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data)
}
