import assert from 'node:assert/strict'
import { area, each, isError, isOk } from '../check.ts'
import type { WireRequest } from '../http.ts'
import type { RequestOptions, Server } from '../server.ts'
import { sha256 } from '../sign.ts'

const header = (name: string, change: (value: string) => string) => (wire: WireRequest) => ({
  ...wire,
  headers: { ...wire.headers, [name]: change(wire.headers[name] ?? '') },
})
const shifted = (minutes: number) => new Date(Date.now() + minutes * 60_000)

/** Puts over an object as `options` say; the put must be refused so, and the object stay. */
async function refusesPut(server: Server, options: RequestOptions, status: number, ...codes: string[]): Promise<void> {
  const bucket = await server.bucket()
  await server.put(bucket, 'a', 'before')
  isError(await server.request({ method: 'PUT', bucket, key: 'a', body: 'after', ...options }), status, ...codes)
  assert.equal(await server.text(bucket, 'a'), 'before')
}

const mismatch = [403, 'SignatureDoesNotMatch'] as const

type Row = readonly [RequestOptions, status: number, ...codes: string[]]

const refusals: Readonly<Record<string, Row>> = {
  'a wrong secret is SignatureDoesNotMatch': [{ keys: { secretAccessKey: 'not-the-secret' } }, ...mismatch],
  'an unknown access key is InvalidAccessKeyId': [
    { keys: { accessKeyId: 'UNKNOWNKEY0000000000' } },
    403,
    'InvalidAccessKeyId',
  ],
  'a request that is not signed is AccessDenied': [{ auth: 'none' }, 403, 'AccessDenied'],
  'a signed header that was changed is SignatureDoesNotMatch': [
    { headers: { 'x-amz-meta-a': '1' }, tamper: header('x-amz-meta-a', () => '2') },
    ...mismatch,
  ],
  'a signed header that was removed is SignatureDoesNotMatch': [
    {
      headers: { 'x-amz-meta-a': '1' },
      tamper: ({ headers: { 'x-amz-meta-a': _, ...headers }, ...wire }) => ({ ...wire, headers }),
    },
    ...mismatch,
  ],
  'another key is SignatureDoesNotMatch': [
    { key: 'b', tamper: (wire) => ({ ...wire, target: wire.target.replace(/b$/, 'a') }) },
    ...mismatch,
  ],
  'another method is SignatureDoesNotMatch': [
    { method: 'GET', tamper: (wire) => ({ ...wire, method: 'DELETE' }) },
    ...mismatch,
  ],
  'a parameter more is SignatureDoesNotMatch': [
    { tamper: (wire) => ({ ...wire, target: `${wire.target}?x-id=PutObject` }) },
    ...mismatch,
  ],
  'a digit of the signature changed is SignatureDoesNotMatch': [
    {
      tamper: header('authorization', (value) =>
        value.replace(/Signature=(.)/, (_, digit) => `Signature=${digit === '0' ? '1' : '0'}`),
      ),
    },
    ...mismatch,
  ],
  'half a signature is refused': [
    { tamper: header('authorization', (value) => value.slice(0, -32)) },
    ...mismatch,
    'AccessDenied',
  ],
  'a request of 20 minutes ago is RequestTimeTooSkewed': [{ date: shifted(-20) }, 403, 'RequestTimeTooSkewed'],
  'a request 20 minutes ahead is RequestTimeTooSkewed': [{ date: shifted(20) }, 403, 'RequestTimeTooSkewed'],
  'a header signed for another region is AuthorizationHeaderMalformed': [
    { region: 'eu-nowhere-7' },
    400,
    'AuthorizationHeaderMalformed',
  ],
  'an Authorization without a signature is AuthorizationHeaderMalformed': [
    { tamper: header('authorization', (value) => value.replace(/, Signature=.*/, '')) },
    400,
    'AuthorizationHeaderMalformed',
  ],
  'a body that is not the one hashed is XAmzContentSHA256Mismatch': [
    { payload: sha256('another body') },
    400,
    'XAmzContentSHA256Mismatch',
  ],
  'a body changed on the way is XAmzContentSHA256Mismatch': [
    { tamper: (wire) => ({ ...wire, body: Buffer.from('afteR') }) },
    400,
    'XAmzContentSHA256Mismatch',
  ],
  'a hash that is none is refused': [{ payload: 'not-a-hash' }, 400, 'InvalidArgument', 'XAmzContentSHA256Mismatch'],
}

export const signatures = area('signatures', {
  ...each(refusals, (server, [options, status, ...codes]) => refusesPut(server, options, status, ...codes)),
  'a refused DELETE removes nothing': async (server) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'a', 'before')
    const wrong = { method: 'DELETE', bucket, key: 'a', keys: { secretAccessKey: 'not-the-secret' } }
    isError(await server.request(wrong), 403, 'SignatureDoesNotMatch')
    assert.equal(await server.text(bucket, 'a'), 'before')
  },
  'a GET, a listing and the list of buckets need a signature': async (server) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'a', 'secret')
    for (const options of [{ bucket, key: 'a' }, { bucket }, {}])
      isError(await server.request({ ...options, auth: 'none' }), 403, 'AccessDenied')
  },
  'another value in the query is SignatureDoesNotMatch': async (server) => {
    const bucket = await server.bucket()
    const tamper = (wire: WireRequest) => ({ ...wire, target: wire.target.replace('prefix=a', 'prefix=b') })
    const query = { 'list-type': '2', prefix: 'a' }
    isOk(await server.request({ bucket, query }))
    isError(await server.request({ bucket, query, tamper }), 403, 'SignatureDoesNotMatch')
  },
  'an unsigned payload is taken': async (server) => {
    const bucket = await server.bucket()
    isOk(await server.request({ method: 'PUT', bucket, key: 'a', body: 'hello', payload: 'UNSIGNED-PAYLOAD' }))
    assert.equal(await server.text(bucket, 'a'), 'hello')
  },
  'a request ten minutes old is taken': async (server) => {
    const bucket = await server.bucket()
    isOk(await server.request({ method: 'PUT', bucket, key: 'a', body: 'hello', date: shifted(-10) }))
    assert.equal(await server.text(bucket, 'a'), 'hello')
  },
  'spaces in a header are signed as one': async (server) => {
    const bucket = await server.bucket()
    const tamper = header('x-amz-meta-a', () => '  two   words ')
    const put = { method: 'PUT', bucket, key: 'a', headers: { 'x-amz-meta-a': 'two words' }, tamper }
    isOk(await server.request(put))
    const head = isOk(await server.request({ method: 'HEAD', bucket, key: 'a' }))
    assert.match(head.headers.get('x-amz-meta-a') ?? '', /^two +words$/)
  },
  'parameters may come in any order': async (server) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'a', 'x')
    const tamper = (wire: WireRequest) => {
      const [path, query = ''] = wire.target.split('?')
      return { ...wire, target: `${path}?${query.split('&').toReversed().join('&')}` }
    }
    const answer = isOk(
      await server.request({ bucket, query: { 'list-type': '2', prefix: 'a', delimiter: '/' }, tamper }),
    )
    assert.match(answer.text, /<Key>a<\/Key>/)
  },
  'an x-amz header that was not signed is AccessDenied': async (server) =>
    refusesPut(
      server,
      { tamper: header('x-amz-meta-slipped-in', () => '1') },
      403,
      'AccessDenied',
      'SignatureDoesNotMatch',
    ),
})
