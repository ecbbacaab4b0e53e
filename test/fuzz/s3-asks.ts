import fc from 'fast-check'
import { chunkedRequest } from '../conformance/checks/chunked-request.ts'
import type { WireRequest } from '../conformance/http.ts'
import type { RequestOptions } from '../conformance/server.ts'
import { sha256 } from '../conformance/sign.ts'

export const bucket = 'fuzzed'

/** One thing asked of the store, with what it would do if it is done. */
export interface Ask {
  readonly options: RequestOptions
  readonly does: Does
}

export type Does =
  | { readonly kind: 'put'; readonly key: string; readonly body: Buffer }
  | { readonly kind: 'get' | 'head' | 'delete'; readonly key: string }
  | { readonly kind: 'copy'; readonly key: string; readonly from: string }
  | { readonly kind: 'list'; readonly prefix: string }
  /** Nothing that matters here, whatever it is. */
  | { readonly kind: 'odd' }

export const keys = fc.constantFrom(
  ...['a', 'b', 'a/b', 'a b+c', 'ü/ﬀ', '%2e%2e/a', '..', '.', '../../escaped', '/absolute', 'a//b', 'a/../b', '~', '*'],
  ...[' ', 'x\u0001y', '\\..\\a', 'a?b#c', `l${'o'.repeat(1000)}ng`, 'con', 'catalog.sqlite', '-', '🦊'],
)
const bodies = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes))

const puts = fc
  .tuple(keys, bodies, fc.constantFrom('hashed', 'unsigned', 'chunked', 'signed chunks', 'presigned'))
  .map(([key, body, how]): Ask => {
    const does = { kind: 'put', key, body } as const
    const options = { method: 'PUT', bucket, key, body }
    switch (how) {
      case 'hashed':
        return { options, does }
      case 'unsigned':
        return { options: { ...options, payload: 'UNSIGNED-PAYLOAD' }, does }
      case 'presigned':
        return { options: { ...options, auth: 300 }, does }
      default:
        return {
          options: chunkedRequest(bucket, key, {
            form: how === 'chunked' ? 'unsigned' : 'signed',
            data: body,
            chunk: 16,
            ...(how === 'chunked' && {
              trailer: { 'x-amz-checksum-sha256': Buffer.from(sha256(body), 'hex').toString('base64') },
            }),
          }),
          does,
        }
    }
  })

const reads = fc
  .tuple(fc.constantFrom('get', 'get', 'head', 'delete'), keys, fc.constantFrom<RequestOptions['auth']>('header', 300))
  .map(
    ([kind, key, auth = 'header']): Ask => ({
      options: { method: kind.toUpperCase(), bucket, key, auth },
      does: { kind, key },
    }),
  )

const copies = fc.tuple(keys, keys).map(
  ([key, from]): Ask => ({
    options: { method: 'PUT', bucket, key, headers: { 'x-amz-copy-source': encodeURIComponent(`${bucket}/${from}`) } },
    does: { kind: 'copy', key, from },
  }),
)

const lists = fc.constantFrom('', 'a', '..', '/', 'ü').map(
  (prefix): Ask => ({
    options: { bucket, query: { 'list-type': '2', prefix, 'encoding-type': 'url' } },
    does: { kind: 'list', prefix },
  }),
)

const oddQuery = fc.dictionary(
  fc.constantFrom(
    ...['max-keys', 'list-type', 'partNumber', 'uploadId', 'uploads', 'delete', 'tagging', 'attributes', 'versionId'],
    ...[
      'continuation-token',
      'start-after',
      'encoding-type',
      'delimiter',
      'marker',
      'acl',
      'location',
      '__proto__',
      '',
    ],
  ),
  fc.oneof(
    fc.constantFrom('', '-1', '0', '1e9', '99999999999', '../x', '\u0000', '%00', 'null'),
    fc.string({ unit: 'binary', maxLength: 5 }),
  ),
  { maxKeys: 3, noNullPrototype: true },
)
const oddHeaders = fc.dictionary(
  fc.constantFrom(
    ...['range', 'if-match', 'if-none-match', 'if-modified-since', 'content-md5', 'x-amz-copy-source', 'x-amz-tagging'],
    ...['x-amz-checksum-crc32', 'x-amz-copy-source-range', 'x-amz-meta-a', 'x-amz-acl', 'content-type', 'expires'],
    ...[
      'x-amz-metadata-directive',
      'x-amz-object-attributes',
      'x-amz-decoded-content-length',
      'x-amz-sdk-checksum-algorithm',
    ],
  ),
  fc.constantFrom(
    '',
    '*',
    'bytes=0-0',
    'bytes=9-1',
    'bytes=-0',
    'bytes=5-',
    '"',
    'AAAAAA==',
    '-1',
    '/../../x',
    'fuzzed/a',
    'a=b&c',
    'now',
    'ETag',
  ),
  { maxKeys: 2, noNullPrototype: true },
)
const oddBodies = fc.constantFrom(
  ...['', '<', '<Delete/>', '<Delete><Object><Key>../../x</Key></Object></Delete>', '<Tagging><TagSet/></Tagging>'],
  ...[
    '<CompleteMultipartUpload><Part><PartNumber>0</PartNumber></Part></CompleteMultipartUpload>',
    '<!DOCTYPE x [<!ENTITY a "b">]>',
  ],
  ...[`<Delete>${'<Object>'.repeat(2000)}`, '<Delete><Object><Key>&a;&#0;</Key></Object></Delete>'],
)
/** Signed as it must be, and hardly ever a sensible request. Never one that would change what the other requests have put. */
const odd = fc
  .tuple(
    fc.constantFrom('GET', 'PUT', 'POST', 'HEAD', 'DELETE', 'PATCH'),
    fc.constantFrom('odd', undefined),
    oddQuery,
    oddHeaders,
    oddBodies,
  )
  .map(
    ([method, key, query, headers, body]): Ask => ({
      options: {
        method,
        bucket: method === 'DELETE' || method === 'PUT' || method === 'POST' ? 'other' : bucket,
        ...(key !== undefined && { key }),
        query,
        headers,
        body,
      },
      does: { kind: 'odd' },
    }),
  )

export const asks: fc.Arbitrary<Ask> = fc.oneof(
  { arbitrary: puts, weight: 5 },
  { arbitrary: reads, weight: 5 },
  { arbitrary: copies, weight: 1 },
  { arbitrary: lists, weight: 1 },
  { arbitrary: odd, weight: 3 },
)

/** What happens to a request between its client and the store. `must`: whether it may still be done. */
export interface Damage {
  readonly name: string
  readonly must: 'refused' | undefined
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
    .map((text): Damage => ({ name: 'garbage', must: 'refused', change: () => Buffer.from(text) })),
  fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })).map(
    ([at, by]): Damage => ({
      name: 'one byte of the head',
      must: undefined,
      change: (wire) => {
        const bytes = bytesOf(wire)
        const head = bytes.indexOf('\r\n\r\n')
        bytes[at % head] = (bytes[at % head] ?? 0) ^ by
        return bytes
      },
    }),
  ),
  fc.nat().map(
    (at): Damage => ({
      name: 'cut off',
      must: 'refused',
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
