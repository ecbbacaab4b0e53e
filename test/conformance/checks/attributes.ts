import assert from 'node:assert/strict'
import { GetObjectAttributesCommand, type ObjectAttributes } from '@aws-sdk/client-s3'
import { area, isError, isOk, md5, refused, tag } from '../check.ts'
import type { Server } from '../server.ts'
import { complete, startUpload, uploadPart } from './upload.ts'

const ask = (server: Server, Bucket: string, ...ObjectAttributes: ObjectAttributes[]) =>
  server.sdk.send(new GetObjectAttributesCommand({ Bucket, Key: 'a', ObjectAttributes }))

export const attributes = area('object attributes', {
  'what is asked for is answered, the ETag without quotes': async (server) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'a', 'hello')
    const answer = await ask(server, bucket, 'ETag', 'ObjectSize', 'StorageClass')
    assert.deepEqual([answer.ETag, answer.ObjectSize, answer.StorageClass], [md5('hello'), 5, 'STANDARD'])
    assert.ok(answer.LastModified instanceof Date)
  },
  'what is not asked for is not answered': async (server) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'a', 'hello')
    const answer = await ask(server, bucket, 'ObjectSize')
    assert.deepEqual([answer.ETag, answer.ObjectSize, answer.StorageClass], [undefined, 5, undefined])
  },
  'the checksum it was put with is answered': async (server) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'a', '123456789', { ChecksumAlgorithm: 'CRC32' })
    assert.equal((await ask(server, bucket, 'Checksum')).Checksum?.ChecksumCRC32, 'y/Q5Jg==')
  },
  'the number of parts is answered': async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a')
    await complete(server, upload, [await uploadPart(server, upload, 1, 'x')])
    assert.equal((await ask(server, upload.Bucket, 'ObjectParts')).ObjectParts?.TotalPartsCount, 1)
  },
  'a space after the comma is no matter': async (server) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'a', 'hello')
    const headers = { 'x-amz-object-attributes': 'ETag, ObjectSize' }
    const answer = isOk(await server.request({ bucket, key: 'a', query: { attributes: '' }, headers }))
    assert.deepEqual([tag(answer, 'ETag'), tag(answer, 'ObjectSize')], [md5('hello'), '5'])
  },
  'a missing key is NoSuchKey': async (server) => refused(ask(server, await server.bucket(), 'ETag'), 404, 'NoSuchKey'),
  'an attribute that there is not is InvalidArgument': async (server) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'a', 'hello')
    const headers = { 'x-amz-object-attributes': 'Colour' }
    isError(await server.request({ bucket, key: 'a', query: { attributes: '' }, headers }), 400, 'InvalidArgument')
  },
})
