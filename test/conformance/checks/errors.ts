import assert from 'node:assert/strict'
import { area, isError, tag } from '../check.ts'

export const errors = area('errors', {
  'an error is XML with code, message and request id': async (server) => {
    const bucket = await server.bucket()
    const answer = await server.request({ bucket, key: 'none' })
    isError(answer, 404, 'NoSuchKey')
    assert.match(answer.headers.get('content-type') ?? '', /xml/)
    assert.match(answer.text, /^<\?xml version="1\.0" encoding="UTF-8"\?>\s*<Error>/i)
    assert.ok(tag(answer, 'Message'))
    assert.equal(tag(answer, 'RequestId'), answer.headers.get('x-amz-request-id'))
  },
  'what an error says of a key is escaped': async (server) => {
    const bucket = await server.bucket()
    const answer = await server.request({ bucket, key: 'a<b>&c' })
    isError(answer, 404, 'NoSuchKey')
    assert.ok(!answer.text.includes('a<b>'))
  },
  'a method that objects do not have is MethodNotAllowed': async (server) => {
    const bucket = await server.bucket()
    isError(await server.request({ method: 'POST', bucket, key: 'a' }), 405, 'MethodNotAllowed')
  },
  'an error of a HEAD has a status and no body': async (server) => {
    const bucket = await server.bucket()
    for (const options of [{ bucket, key: 'none' }, { bucket: `${bucket}-none` }]) {
      const answer = await server.request({ method: 'HEAD', ...options })
      assert.equal(answer.status, 404)
      assert.equal(answer.body.length, 0)
    }
  },
  'a refused put leaves the server ready for the next request': async (server) => {
    const bucket = await server.bucket()
    const body = new Uint8Array(3_000_000)
    const wrong = { method: 'PUT', bucket, key: 'a', body, keys: { secretAccessKey: 'not-the-secret' } }
    isError(await server.request(wrong), 403, 'SignatureDoesNotMatch')
    await server.put(bucket, 'a', 'next')
    assert.equal(await server.text(bucket, 'a'), 'next')
  },
})
