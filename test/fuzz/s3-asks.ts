import fc from 'fast-check'
import { chunkedRequest } from '../conformance/checks/chunked-request.ts'
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
  ...[`<Delete>${'<Object>'.repeat(200)}`, '<Delete><Object><Key>&a;&#0;</Key></Object></Delete>'],
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
        // A body without its length is no part of a request.
        body: method === 'GET' || method === 'HEAD' ? '' : body,
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
