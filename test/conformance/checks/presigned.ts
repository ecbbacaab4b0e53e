import assert from 'node:assert/strict'
import { area, each, isError, isOk } from '../check.ts'
import type { WireRequest } from '../http.ts'
import type { Server } from '../server.ts'

async function hello(server: Server): Promise<string> {
  const bucket = await server.bucket()
  await server.put(bucket, 'a', 'hello')
  return bucket
}

const url = ({ url: base, target }: WireRequest) => new URL(target, base)
const target = (change: (target: string) => string) => (wire: WireRequest) => ({ ...wire, target: change(wire.target) })
const hourAgo = () => new Date(Date.now() - 3_600_000)

export const presigned = area('presigned', {
  'a GET needs nothing but its URL': async (server) => {
    const bucket = await hello(server)
    const response = await fetch(url(await server.sign({ bucket, key: 'a', auth: 60 })))
    assert.equal(response.status, 200)
    assert.equal(await response.text(), 'hello')
  },
  'a PUT writes': async (server) => {
    const bucket = await server.bucket()
    const signed = url(await server.sign({ method: 'PUT', bucket, key: 'b c', auth: 60 }))
    assert.equal((await fetch(signed, { method: 'PUT', body: 'put by URL' })).status, 200)
    assert.equal(await server.text(bucket, 'b c'), 'put by URL')
  },
  'HEAD and DELETE are signed as themselves': async (server) => {
    const bucket = await hello(server)
    isOk(await server.request({ method: 'HEAD', bucket, key: 'a', auth: 60 }))
    isOk(await server.request({ method: 'DELETE', bucket, key: 'a', auth: 60 }), 204)
    isError(await server.request({ bucket, key: 'a', auth: 60 }), 404, 'NoSuchKey')
  },
  "Bun's presigned URLs read and write": async (server) => {
    const bucket = await hello(server)
    const client = server.bun(bucket)
    assert.equal(await (await fetch(client.presign('a', { expiresIn: 60 }))).text(), 'hello')
    const put = await fetch(client.presign('b/ü', { method: 'PUT', expiresIn: 60 }), { method: 'PUT', body: 'by Bun' })
    assert.equal(put.status, 200)
    assert.equal(await server.text(bucket, 'b/ü'), 'by Bun')
  },
  'a listing can be presigned': async (server) => {
    const bucket = await hello(server)
    const answer = isOk(await server.request({ bucket, query: { 'list-type': '2', prefix: 'a' }, auth: 60 }))
    assert.match(answer.text, /<Key>a<\/Key>/)
  },
  'headers of the answer can be signed in': async (server) => {
    const bucket = await hello(server)
    const query = {
      'response-content-disposition': 'attachment; filename="ü.txt"',
      'response-content-type': 'text/x-b',
    }
    const answer = isOk(await server.request({ bucket, key: 'a', query, auth: 60 }))
    assert.equal(answer.headers.get('content-type'), 'text/x-b')
    assert.match(answer.headers.get('content-disposition') ?? '', /^attachment; filename=/)
  },
  'a URL is valid until its last second and no longer': async (server) => {
    const bucket = await hello(server)
    isOk(await server.request({ bucket, key: 'a', auth: 3600 + 300, date: hourAgo() }))
    isError(await server.request({ bucket, key: 'a', auth: 3600 - 300, date: hourAgo() }), 403, 'AccessDenied')
  },
  'an expired PUT writes nothing': async (server) => {
    const bucket = await hello(server)
    const expired = { method: 'PUT', bucket, key: 'a', body: 'late', auth: 60, date: hourAgo() }
    isError(await server.request(expired), 403, 'AccessDenied')
    assert.equal(await server.text(bucket, 'a'), 'hello')
  },
  'a URL from the future is not valid yet': async (server) => {
    const date = new Date(Date.now() + 7_200_000)
    isError(
      await server.request({ bucket: await hello(server), key: 'a', auth: 60, date }),
      403,
      'AccessDenied',
      'RequestTimeTooSkewed',
    )
  },
  'more than seven days are refused': async (server) => {
    const tamper = target((text) => text.replace('X-Amz-Expires=60', 'X-Amz-Expires=604801'))
    const request = { bucket: await hello(server), key: 'a', auth: 60, tamper }
    isError(await server.request(request), 400, 'AuthorizationQueryParametersError')
  },
  ...each<(wire: WireRequest) => WireRequest>(
    {
      'another method is SignatureDoesNotMatch': (wire) => ({
        ...wire,
        method: 'PUT',
        headers: { ...wire.headers, 'content-length': '0' },
      }),
      'another key is SignatureDoesNotMatch': target((text) => text.replace('/a?', '/b?')),
      'a longer validity is SignatureDoesNotMatch': target((text) =>
        text.replace('X-Amz-Expires=60', 'X-Amz-Expires=6000'),
      ),
      'a parameter more is SignatureDoesNotMatch': target((text) => `${text}&response-content-type=text%2Fhtml`),
      'another signature is SignatureDoesNotMatch': target((text) =>
        text.replace(/X-Amz-Signature=(.)/, (_, digit) => `X-Amz-Signature=${digit === '0' ? '1' : '0'}`),
      ),
      'another date is SignatureDoesNotMatch': target((text) =>
        text.replace(
          /(X-Amz-Date=\d+T\d{4})(\d)(\d)Z/,
          (_, start, tens, ones) => `${start}${tens}${(Number(ones) + 1) % 10}Z`,
        ),
      ),
    },
    async (server, tamper) => {
      const bucket = await hello(server)
      isError(await server.request({ bucket, key: 'a', auth: 60, tamper }), 403, 'SignatureDoesNotMatch')
      assert.equal(await server.text(bucket, 'a'), 'hello')
    },
  ),
  'another secret is SignatureDoesNotMatch': async (server) => {
    const keys = { secretAccessKey: 'not-the-secret' }
    isError(
      await server.request({ bucket: await hello(server), key: 'a', auth: 60, keys }),
      403,
      'SignatureDoesNotMatch',
    )
  },
  'a parameter less is refused': async (server) => {
    const bucket = await hello(server)
    for (const name of ['X-Amz-Date', 'X-Amz-Expires', 'X-Amz-Credential', 'X-Amz-SignedHeaders']) {
      const tamper = target((text) => text.replace(new RegExp(`[&?]${name}=[^&]*`), ''))
      const answer = await server.request({ bucket, key: 'a', auth: 60, tamper })
      assert.ok([400, 403].includes(answer.status), `without ${name}: ${answer.status}`)
    }
  },
  'a header that was signed must be sent': async (server) => {
    const bucket = await server.bucket()
    const request = { method: 'PUT', bucket, key: 'a', auth: 60, headers: { 'content-type': 'image/png' } }
    const without = ({ headers: { 'content-type': _, ...headers }, ...wire }: WireRequest) => ({ ...wire, headers })
    const other = (wire: WireRequest) => ({ ...wire, headers: { ...wire.headers, 'content-type': 'text/html' } })
    isOk(await server.request(request))
    for (const tamper of [without, other])
      isError(await server.request({ ...request, tamper }), 403, 'SignatureDoesNotMatch')
  },
})
