import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { area, isError, isOk, md5, noise, refused, sameBytes } from '../check.ts'

export const objects = area('put, get, head', {
  'every byte value comes back as it was put': async (server) => {
    const bucket = await server.bucket()
    const body = Uint8Array.from({ length: 256 }, (_, i) => i)
    await server.put(bucket, 'bytes', body)
    sameBytes(await server.get(bucket, 'bytes'), body)
  },
  'the ETag of a put is the quoted MD5 of its bytes': async (server) => {
    const bucket = await server.bucket()
    const put = isOk(await server.request({ method: 'PUT', bucket, key: 'a', body: 'hello' }))
    assert.equal(put.headers.get('etag'), `"${md5('hello')}"`)
    const head = isOk(await server.request({ method: 'HEAD', bucket, key: 'a' }))
    assert.equal(head.headers.get('etag'), `"${md5('hello')}"`)
  },
  'HEAD answers what GET does, without the body': async (server) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'a', 'hello', { ContentType: 'text/x-a', Metadata: { color: 'blue' } })
    const get = isOk(await server.request({ bucket, key: 'a' }))
    const head = isOk(await server.request({ method: 'HEAD', bucket, key: 'a' }))
    assert.equal(get.text, 'hello')
    for (const name of ['content-length', 'content-type', 'etag', 'last-modified', 'x-amz-meta-color']) {
      assert.ok(get.headers.has(name), `${name} is missing`)
      assert.equal(head.headers.get(name), get.headers.get(name), name)
    }
    assert.equal(head.headers.get('content-length'), '5')
  },
  'a second put replaces bytes and ETag': async (server) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'a', 'first, and longer')
    const { ETag } = await server.put(bucket, 'a', 'second')
    assert.equal(ETag, `"${md5('second')}"`)
    assert.equal(await server.text(bucket, 'a'), 'second')
  },
  'a missing key is NoSuchKey': async (server) => {
    const bucket = await server.bucket()
    isError(await server.request({ bucket, key: 'not/there' }), 404, 'NoSuchKey')
  },
  'HEAD of a missing key answers 404 without a body': async (server) => {
    const bucket = await server.bucket()
    await refused(server.sdk.send(new HeadObjectCommand({ Bucket: bucket, Key: 'none' })), 404, 'NotFound')
  },
  'a removed object is gone': async (server) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'a', 'x')
    const { $metadata } = await server.sdk.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'a' }))
    assert.equal($metadata.httpStatusCode, 204)
    isError(await server.request({ bucket, key: 'a' }), 404, 'NoSuchKey')
  },
  'removing a missing key answers 204': async (server) => {
    isOk(await server.request({ method: 'DELETE', bucket: await server.bucket(), key: 'never/was' }), 204)
  },
  'removing one key leaves its neighbours': async (server) => {
    const bucket = await server.bucket()
    for (const key of ['a', 'ab', 'b/a']) await server.put(bucket, key, key)
    await server.sdk.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'a' }))
    assert.equal(await server.text(bucket, 'b/a'), 'b/a')
    assert.equal(await server.text(bucket, 'ab'), 'ab')
    isError(await server.request({ bucket, key: 'a' }), 404, 'NoSuchKey')
  },
  'an empty object is an object': async (server) => {
    const bucket = await server.bucket()
    const { ETag } = await server.put(bucket, 'empty', '')
    assert.equal(ETag, '"d41d8cd98f00b204e9800998ecf8427e"')
    const get = isOk(await server.request({ bucket, key: 'empty' }))
    assert.equal(get.headers.get('content-length'), '0')
    assert.equal(get.body.length, 0)
  },
  '20 MiB come back as they were put': async (server) => {
    const bucket = await server.bucket()
    const body = noise(20 * 2 ** 20)
    const client = server.bun(bucket)
    await client.write('large', body, { partSize: 32 * 2 ** 20 })
    sameBytes(await client.file('large').bytes(), body)
    const head = isOk(await server.request({ method: 'HEAD', bucket, key: 'large' }))
    assert.equal(head.headers.get('content-length'), String(body.length))
  },
  "Bun's client puts, finds, reads and removes": async (server) => {
    const client = server.bun(await server.bucket())
    await client.write('a/b c.txt', 'hello', { type: 'text/x-bun' })
    const stat = await client.stat('a/b c.txt')
    assert.equal(stat.size, 5)
    assert.equal(stat.etag.replaceAll('"', ''), md5('hello'))
    assert.equal(stat.type, 'text/x-bun')
    assert.equal(await client.file('a/b c.txt').text(), 'hello')
    await client.delete('a/b c.txt')
    assert.equal(await client.exists('a/b c.txt'), false)
  },
  "Bun's client reads a slice": async (server) => {
    const client = server.bun(await server.bucket())
    await client.write('a', '0123456789')
    assert.equal(await client.file('a').slice(2, 5).text(), '234')
  },
  'a stream of unknown hash is stored without its framing': async (server) => {
    const bucket = await server.bucket()
    const body = noise(300_000)
    const stream = Readable.from([body.subarray(0, 70_000), body.subarray(70_000)])
    const input = { Bucket: bucket, Key: 'stream', Body: stream, ContentLength: body.length }
    await server.sdk.send(new PutObjectCommand(input))
    sameBytes(await server.get(bucket, 'stream'), body)
  },
  'Last-Modified is an HTTP date no later than the answer': async (server) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'a', 'x')
    const { headers } = isOk(await server.request({ method: 'HEAD', bucket, key: 'a' }))
    const modified = headers.get('last-modified') ?? ''
    assert.equal(new Date(modified).toUTCString(), modified)
    assert.ok(Date.parse(modified) <= Date.parse(headers.get('date') ?? '') + 1000)
    assert.ok(Date.parse(modified) >= Date.parse(headers.get('date') ?? '') - 60_000)
  },
  'Accept-Ranges says bytes': async (server) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'a', 'x')
    assert.equal(isOk(await server.request({ bucket, key: 'a' })).headers.get('accept-ranges'), 'bytes')
  },
  'every answer carries a request id, a new one each': async (server) => {
    const bucket = await server.bucket()
    const ids = []
    for (const key of ['a', 'b'])
      ids.push((await server.request({ method: 'PUT', bucket, key })).headers.get('x-amz-request-id'))
    assert.ok(ids[0] && ids[1] && ids[0] !== ids[1], `${ids}`)
  },
  'headers of the answer can be asked for in the query': async (server) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'a', 'x', { ContentType: 'text/plain' })
    const answer = await server.sdk.send(
      new GetObjectCommand({
        Bucket: bucket,
        Key: 'a',
        ResponseContentType: 'text/x-other',
        ResponseContentDisposition: 'attachment; filename="b c.txt"',
        ResponseCacheControl: 'no-store',
      }),
    )
    assert.equal(answer.ContentType, 'text/x-other')
    assert.equal(answer.ContentDisposition, 'attachment; filename="b c.txt"')
    assert.equal(answer.CacheControl, 'no-store')
  },
})
