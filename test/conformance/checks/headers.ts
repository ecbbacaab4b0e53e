import assert from 'node:assert/strict'
import { HeadObjectCommand } from '@aws-sdk/client-s3'
import { area, each, isError, isOk } from '../check.ts'

export const headers = area('metadata and headers', {
  'user metadata comes back under lower-case names': async (server) => {
    const bucket = await server.bucket()
    isOk(
      await server.request({
        method: 'PUT',
        bucket,
        key: 'a',
        headers: { 'x-amz-meta-Camera': 'X-100', 'x-amz-meta-note': 'two words, and=signs; "quotes"' },
      }),
    )
    const { Metadata } = await server.sdk.send(new HeadObjectCommand({ Bucket: bucket, Key: 'a' }))
    assert.deepEqual(Metadata, { camera: 'X-100', note: 'two words, and=signs; "quotes"' })
  },
  ...each(
    {
      'Content-Type is kept': { 'content-type': 'image/x-test; charset=utf-8' },
      'Cache-Control is kept': { 'cache-control': 'public, max-age=60' },
      'Content-Disposition is kept': { 'content-disposition': 'attachment; filename="a b.png"' },
      'Content-Encoding is kept': { 'content-encoding': 'gzip' },
      'Content-Language is kept': { 'content-language': 'de, en' },
      'Expires is kept': { expires: 'Wed, 01 Jan 2031 00:00:00 GMT' },
    },
    async (server, given) => {
      const bucket = await server.bucket()
      isOk(await server.request({ method: 'PUT', bucket, key: 'a', headers: given, body: 'x' }))
      for (const method of ['GET', 'HEAD']) {
        const answer = isOk(await server.request({ method, bucket, key: 'a' }))
        for (const [name, value] of Object.entries(given)) assert.equal(answer.headers.get(name), value, method)
      }
    },
  ),
  'an object put without a type is a stream of octets': async (server) => {
    const bucket = await server.bucket()
    isOk(await server.request({ method: 'PUT', bucket, key: 'a', body: 'x' }))
    const type = isOk(await server.request({ bucket, key: 'a' })).headers.get('content-type')
    assert.ok(['binary/octet-stream', 'application/octet-stream'].includes(type ?? ''), `${type}`)
  },
  'a second put drops the metadata of the first': async (server) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'a', 'x', { Metadata: { old: '1' }, ContentType: 'text/x-old', CacheControl: 'no-store' })
    await server.put(bucket, 'a', 'x', { Metadata: { new: '2' }, ContentType: 'text/x-new' })
    const head = await server.sdk.send(new HeadObjectCommand({ Bucket: bucket, Key: 'a' }))
    assert.deepEqual(head.Metadata, { new: '2' })
    assert.equal(head.ContentType, 'text/x-new')
    assert.equal(head.CacheControl, undefined)
  },
  '2 KB of metadata are kept, more is MetadataTooLarge': async (server) => {
    const bucket = await server.bucket()
    const put = (size: number) =>
      server.request({ method: 'PUT', bucket, key: `${size}`, headers: { 'x-amz-meta-a': 'v'.repeat(size) } })
    isOk(await put(2000))
    assert.equal(
      (await server.request({ method: 'HEAD', bucket, key: '2000' })).headers.get('x-amz-meta-a')?.length,
      2000,
    )
    isError(await put(2100), 400, 'MetadataTooLarge')
  },
})
