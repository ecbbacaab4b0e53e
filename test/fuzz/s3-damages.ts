import fc from 'fast-check'
import type { WireRequest } from '../conformance/http.ts'

/** What happens to a request between its client and the store. `must`: whether it may still be done. */
export interface Damage {
  readonly name: string
  readonly must: 'refused' | undefined
  /** Nothing more comes after it, whatever it promised. */
  readonly ends?: true
  readonly change: (wire: WireRequest) => WireRequest | Buffer
}

const header = (wire: WireRequest, name: string, change: (value: string) => string): WireRequest => ({
  ...wire,
  headers: { ...wire.headers, [name]: change(wire.headers[name] ?? '') },
})
const without = (wire: WireRequest, name: string): WireRequest => ({
  ...wire,
  headers: Object.fromEntries(Object.entries(wire.headers).filter(([other]) => other.toLowerCase() !== name)),
})
const flip = (text: string) => text.replace(/[0-9a-f](?=[^0-9a-f]*$)/, (digit) => (digit === '0' ? '1' : '0'))

/** Changes of what is signed: none of them may be done. */
const signed: readonly Damage[] = [
  {
    name: 'another signature',
    must: 'refused',
    change: (wire) =>
      'authorization' in wire.headers
        ? header(wire, 'authorization', flip)
        : {
            ...wire,
            target: wire.target.replace(
              /(X-Amz-Signature=\w*)(\w)/,
              (_, start, last) => start + (last === '0' ? '1' : '0'),
            ),
          },
  },
  {
    name: 'another path',
    must: 'refused',
    change: (wire) => ({ ...wire, target: wire.target.replace(/(\?|$)/, 'x$1') }),
  },
  {
    name: 'another method',
    must: 'refused',
    change: (wire) => ({ ...wire, method: wire.method === 'DELETE' ? 'PUT' : 'DELETE' }),
  },
  {
    name: 'another parameter',
    must: 'refused',
    change: (wire) => ({ ...wire, target: `${wire.target}${wire.target.includes('?') ? '&' : '?'}tagging=` }),
  },
  {
    name: 'a header that was not signed',
    must: 'refused',
    change: (wire) => header(wire, 'x-amz-meta-late', () => 'x'),
  },
  { name: 'another host', must: 'refused', change: (wire) => header(wire, 'host', () => 'elsewhere.example') },
  {
    name: 'no signature',
    must: 'refused',
    change: (wire) => without({ ...wire, target: wire.target.replace(/&?X-Amz-Signature=\w*/, '') }, 'authorization'),
  },
]

/** The request as bytes, as `send` would write it. */
export function bytesOf({ method, target, headers, body = new Uint8Array() }: WireRequest): Buffer {
  const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`), body])
}

const garbage = [
  ...[
    'GARBAGE\r\n\r\n',
    'GET\r\n\r\n',
    'GET / HTTP/9.9\r\nHost: x\r\n\r\n',
    '\r\n\r\n\r\n',
    '\u0016\u0003\u0001\u0002\u0000',
    'GET / HTTP/1.1\r\n\r\n',
  ],
  ...[
    'GET http://elsewhere.example/ HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET //../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n',
  ],
  ...[
    'GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n',
  ],
  ...[
    'PUT /fuzzed/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    `GET /${'x'.repeat(70_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  ],
  ...[
    'PUT /fuzzed/a HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\nAuthorization: AWS4-HMAC-SHA256 x\r\n\r\n',
  ],
  ...[
    'GET /?X-Amz-Signature=0 HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\nAuthorization: AWS4-HMAC-SHA256 Credential=//,SignedHeaders=,Signature=\r\n\r\n',
  ],
]

const onTheWire: fc.Arbitrary<Damage> = fc.oneof(
  fc
    .constantFrom(...garbage)
    .map((text): Damage => ({ name: 'garbage', must: 'refused', ends: true, change: () => Buffer.from(text) })),
  fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })).map(
    ([at, by]): Damage => ({
      name: 'one byte of the head',
      must: undefined,
      change: (wire) => {
        const bytes = bytesOf(wire)
        // Not its length, or the store would rightly wait for more.
        const length = bytes.indexOf('content-length')
        const head = length === -1 ? bytes.indexOf('\r\n\r\n') : length
        bytes[at % head] = (bytes[at % head] ?? 0) ^ by
        return bytes
      },
    }),
  ),
  fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })).map(
    ([at, by]): Damage => ({
      name: 'one byte of a body that is signed',
      must: undefined,
      change: (wire) => {
        const body = Buffer.from(wire.body ?? new Uint8Array())
        // Of these the store cannot know that they were changed on the way.
        if (body.length === 0 || !/^([0-9a-f]{64}|STREAMING-AWS4.*)$/.test(wire.headers['x-amz-content-sha256'] ?? ''))
          return wire
        body[at % body.length] = (body[at % body.length] ?? 0) ^ by
        return { ...wire, body }
      },
    }),
  ),
  fc.integer({ min: 1, max: 20 }).map(
    (size): Damage => ({
      name: 'in pieces, its length not told',
      must: undefined,
      change: (wire) => {
        const { body = new Uint8Array() } = wire
        if (body.length === 0) return wire
        const pieces: Uint8Array[] = []
        for (let at = 0; at < body.length; at += size) {
          const piece = body.subarray(at, at + size)
          pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'))
        }
        pieces.push(Buffer.from('0\r\n\r\n'))
        const { headers } = without(wire, 'content-length')
        return { ...wire, headers: { ...headers, 'transfer-encoding': 'chunked' }, body: Buffer.concat(pieces) }
      },
    }),
  ),
  fc.nat().map(
    (at): Damage => ({
      name: 'cut off',
      must: 'refused',
      ends: true,
      change: (wire) => {
        const bytes = bytesOf(wire)
        return bytes.subarray(0, at % bytes.length)
      },
    }),
  ),
)

export const damages: fc.Arbitrary<Damage | undefined> = fc.oneof(
  { arbitrary: fc.constant(undefined), weight: 6 },
  { arbitrary: fc.constantFrom(...signed), weight: 2 },
  { arbitrary: onTheWire, weight: 2 },
)
