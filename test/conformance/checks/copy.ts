import assert from 'node:assert/strict'
import {
  CopyObjectCommand,
  type CopyObjectCommandInput,
  HeadObjectCommand,
  ListPartsCommand,
  S3ServiceException,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { area, each, isError, md5, noise, refused, sameBytes } from '../check.ts'
import type { Server } from '../server.ts'
import { complete, partSize, startUpload, uploadPart } from './upload.ts'

async function source(server: Server): Promise<string> {
  const bucket = await server.bucket()
  await server.put(bucket, 'from', 'hello', { ContentType: 'text/x-from', Metadata: { camera: 'x' } })
  return bucket
}

const copy = (server: Server, Bucket: string, CopySource: string, more: Partial<CopyObjectCommandInput> = {}) =>
  server.sdk.send(new CopyObjectCommand({ Bucket, Key: 'to', CopySource, ...more }))

export const copies = area('copy', {
  'a copy has the bytes and the ETag of its source': async (server) => {
    const bucket = await source(server)
    const { CopyObjectResult } = await copy(server, bucket, `${bucket}/from`)
    assert.equal(CopyObjectResult?.ETag, `"${md5('hello')}"`)
    assert.ok(CopyObjectResult?.LastModified instanceof Date)
    assert.equal(await server.text(bucket, 'to'), 'hello')
    assert.equal(await server.text(bucket, 'from'), 'hello')
  },
  'a copy takes the metadata along': async (server) => {
    const bucket = await source(server)
    await copy(server, bucket, `/${bucket}/from`, { ContentType: 'text/x-ignored', Metadata: { ignored: '1' } })
    const head = await server.sdk.send(new HeadObjectCommand({ Bucket: bucket, Key: 'to' }))
    assert.deepEqual([head.ContentType, head.Metadata], ['text/x-from', { camera: 'x' }])
  },
  'REPLACE gives a copy its own metadata': async (server) => {
    const bucket = await source(server)
    const own = { MetadataDirective: 'REPLACE', ContentType: 'text/x-to', Metadata: { own: '1' } } as const
    await copy(server, bucket, `${bucket}/from`, own)
    const head = await server.sdk.send(new HeadObjectCommand({ Bucket: bucket, Key: 'to' }))
    assert.deepEqual([head.ContentType, head.Metadata], ['text/x-to', { own: '1' }])
  },
  'a copy onto itself that changes nothing is InvalidRequest': async (server) => {
    const bucket = await source(server)
    await refused(copy(server, bucket, `${bucket}/from`, { Key: 'from' }), 400, 'InvalidRequest')
  },
  'a copy onto itself may replace the metadata': async (server) => {
    const bucket = await source(server)
    await copy(server, bucket, `${bucket}/from`, { Key: 'from', MetadataDirective: 'REPLACE', Metadata: { now: '2' } })
    const head = await server.sdk.send(new HeadObjectCommand({ Bucket: bucket, Key: 'from' }))
    assert.deepEqual(head.Metadata, { now: '2' })
    assert.equal(await server.text(bucket, 'from'), 'hello')
  },
  'a copy goes to another bucket': async (server) => {
    const [from, to] = [await source(server), await server.bucket()]
    await copy(server, to, `${from}/from`)
    assert.equal(await server.text(to, 'to'), 'hello')
  },
  'a source with spaces, plus signs and non-ASCII is found': async (server) => {
    const bucket = await server.bucket()
    const key = 'a folder/ü + 日本.txt'
    await server.put(bucket, key, 'hello')
    await copy(server, bucket, `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`)
    assert.equal(await server.text(bucket, 'to'), 'hello')
  },
  'a missing source is NoSuchKey': async (server) => {
    const bucket = await server.bucket()
    await refused(copy(server, bucket, `${bucket}/none`), 404, 'NoSuchKey')
    isError(await server.request({ bucket, key: 'to' }), 404, 'NoSuchKey')
  },
  'a source in a missing bucket is NoSuchBucket': async (server) => {
    const bucket = await server.bucket()
    await refused(copy(server, bucket, `${bucket}-none/from`), 404, 'NoSuchBucket')
  },
  ...each<Partial<CopyObjectCommandInput>>(
    {
      'a source whose ETag is another is PreconditionFailed': { CopySourceIfMatch: `"${md5('other')}"` },
      'a source whose ETag was ruled out is PreconditionFailed': { CopySourceIfNoneMatch: `"${md5('hello')}"` },
      'a source modified since is PreconditionFailed': { CopySourceIfUnmodifiedSince: new Date(0) },
    },
    async (server, condition) => {
      const bucket = await source(server)
      await refused(copy(server, bucket, `${bucket}/from`, condition), 412, 'PreconditionFailed')
      isError(await server.request({ bucket, key: 'to' }), 404, 'NoSuchKey')
    },
  ),
  'a copied object can be copied over what is there': async (server) => {
    const bucket = await source(server)
    await server.put(bucket, 'to', 'old')
    await copy(server, bucket, `${bucket}/from`)
    assert.equal(await server.text(bucket, 'to'), 'hello')
  },
  'a part may be a copy': async (server) => {
    const bucket = await server.bucket()
    const body = noise(partSize)
    await server.put(bucket, 'from', body)
    const upload = await startUpload(server, bucket, 'to')
    const input = { ...upload, PartNumber: 1, CopySource: `${bucket}/from` }
    const { CopyPartResult } = await server.sdk.send(new UploadPartCopyCommand(input))
    assert.equal(CopyPartResult?.ETag, `"${md5(body)}"`)
    const parts = [{ PartNumber: 1, ETag: CopyPartResult?.ETag }, await uploadPart(server, upload, 2, 'end')]
    await complete(server, upload, parts)
    sameBytes(await server.get(bucket, 'to'), Buffer.concat([body, Buffer.from('end')]))
  },
  'a part may be a copy of a range': async (server) => {
    const bucket = await source(server)
    const upload = await startUpload(server, bucket, 'to')
    const input = { ...upload, PartNumber: 1, CopySource: `${bucket}/from`, CopySourceRange: 'bytes=1-3' }
    const { CopyPartResult } = await server.sdk.send(new UploadPartCopyCommand(input))
    await complete(server, upload, [{ PartNumber: 1, ETag: CopyPartResult?.ETag }])
    assert.equal(await server.text(bucket, 'to'), 'ell')
  },
  'a part copied from past the end is refused': async (server) => {
    const bucket = await source(server)
    const upload = await startUpload(server, bucket, 'to')
    const input = { ...upload, PartNumber: 1, CopySource: `${bucket}/from`, CopySourceRange: 'bytes=3-9' }
    const error = await server.sdk.send(new UploadPartCopyCommand(input)).catch((thrown: unknown) => thrown)
    assert.ok(error instanceof S3ServiceException, 'accepted')
    assert.ok(['InvalidArgument', 'InvalidRange'].includes(error.name), error.name)
    const { Parts = [] } = await server.sdk.send(new ListPartsCommand(upload))
    assert.equal(Parts.length, 0)
  },
})
