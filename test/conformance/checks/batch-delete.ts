import assert from 'node:assert/strict'
import { DeleteObjectsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { area, each, isError, isOk, md5Base64 } from '../check.ts'
import type { Server } from '../server.ts'
import { filled } from './listing.ts'

const remove = (server: Server, Bucket: string, keys: readonly string[], Quiet?: boolean) =>
  server.sdk.send(
    new DeleteObjectsCommand({
      Bucket,
      Delete: { Objects: keys.map((Key) => ({ Key })), ...(Quiet === undefined ? {} : { Quiet }) },
    }),
  )

const left = async (server: Server, Bucket: string) => {
  const { Contents = [] } = await server.sdk.send(new ListObjectsV2Command({ Bucket }))
  return Contents.map(({ Key }) => Key)
}

const post = (
  server: Server,
  bucket: string,
  body: string,
  headers: Record<string, string> = { 'content-md5': md5Base64(body) },
) => server.request({ method: 'POST', bucket, query: { delete: '' }, body, headers })

const one = '<Delete><Object><Key>a</Key></Object></Delete>'

export const batchDelete = area('batch delete', {
  'the named keys go, the others stay, each is answered': async (server) => {
    const bucket = await filled(server, ['a', 'b', 'c/d'])
    const { Deleted = [], Errors } = await remove(server, bucket, ['a', 'c/d'])
    assert.deepEqual(Deleted.map(({ Key }) => Key).sort(), ['a', 'c/d'])
    assert.equal(Errors, undefined)
    assert.deepEqual(await left(server, bucket), ['b'])
  },
  'a missing key counts as deleted': async (server) => {
    const bucket = await filled(server, ['a'])
    const { Deleted = [] } = await remove(server, bucket, ['a', 'never/was'])
    assert.deepEqual(Deleted.map(({ Key }) => Key).sort(), ['a', 'never/was'])
  },
  'quiet names no key that went': async (server) => {
    const bucket = await filled(server, ['a', 'b'])
    const { Deleted, Errors } = await remove(server, bucket, ['a'], true)
    assert.deepEqual([Deleted, Errors], [undefined, undefined])
    assert.deepEqual(await left(server, bucket), ['b'])
  },
  'keys with special characters are meant as they are': async (server) => {
    const keys = ['a&b<c>.txt', 'd+e f', '%41', 'ü/日本', 'quote\'"']
    const bucket = await filled(server, [...keys, 'A'])
    await remove(server, bucket, keys)
    assert.deepEqual(await left(server, bucket), ['A'])
  },
  'a thousand keys are one request': async (server) => {
    const bucket = await filled(server, ['k0', 'k999', 'other'])
    const keys = Array.from({ length: 1000 }, (_, i) => `k${i}`)
    assert.equal((await remove(server, bucket, keys)).Deleted?.length, 1000)
    assert.deepEqual(await left(server, bucket), ['other'])
  },
  'more than a thousand keys are MalformedXML': async (server) => {
    const bucket = await filled(server, ['a'])
    const body = `<Delete>${'<Object><Key>a</Key></Object>'.repeat(1001)}</Delete>`
    isError(await post(server, bucket, body), 400, 'MalformedXML')
    assert.deepEqual(await left(server, bucket), ['a'])
  },
  ...each(
    {
      'XML that breaks off is MalformedXML': '<Delete><Object><Key>a</Key></Obj',
      'a list of nothing is MalformedXML': '<Delete></Delete>',
    },
    async (server, body) => {
      const bucket = await filled(server, ['a'])
      isError(await post(server, bucket, body), 400, 'MalformedXML')
      assert.deepEqual(await left(server, bucket), ['a'])
    },
  ),
  'a list without Content-MD5 or checksum is refused': async (server) => {
    const bucket = await filled(server, ['a'])
    isError(await post(server, bucket, one, {}), 400, 'InvalidRequest')
    assert.deepEqual(await left(server, bucket), ['a'])
  },
  'a list with another Content-MD5 is BadDigest': async (server) => {
    const bucket = await filled(server, ['a'])
    isError(await post(server, bucket, one, { 'content-md5': md5Base64('other') }), 400, 'BadDigest')
    assert.deepEqual(await left(server, bucket), ['a'])
  },
  'a list with its Content-MD5 is taken': async (server) => {
    const bucket = await filled(server, ['a', 'b'])
    isOk(await post(server, bucket, one))
    assert.deepEqual(await left(server, bucket), ['b'])
  },
})
