import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
} from '@aws-sdk/client-s3'
import { area, each, isError, isOk, md5, noise, refused, sameBytes, tag } from '../check.ts'
import { complete, partSize, startUpload, uploadPart } from './upload.ts'

const first = noise(partSize, 1)
const last = noise(1000, 2)
const both = Buffer.concat([first, last])
const etagOf = (...parts: readonly Uint8Array[]) => {
  const hash = createHash('md5')
  for (const part of parts) hash.update(md5(part), 'hex')
  return `"${hash.digest('hex')}-${parts.length}"`
}

export const multipart = area('multipart', {
  'two parts become one object': async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a/b c')
    const parts = [await uploadPart(server, upload, 1, first), await uploadPart(server, upload, 2, last)]
    const answer = await complete(server, upload, parts)
    assert.equal(answer.ETag, etagOf(first, last))
    assert.equal(answer.Key, 'a/b c')
    sameBytes(await server.get(upload.Bucket, 'a/b c'), both)
  },
  'the ETag says how many parts there were, also one': async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a')
    await complete(server, upload, [await uploadPart(server, upload, 1, last)])
    const { ETag } = await server.sdk.send(new HeadObjectCommand({ Bucket: upload.Bucket, Key: 'a' }))
    assert.equal(ETag, etagOf(last))
  },
  'the ETag of a part is the MD5 of its bytes': async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a')
    assert.equal((await uploadPart(server, upload, 1, last)).ETag, `"${md5(last)}"`)
  },
  'parts arrive in any order': async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a')
    const second = await uploadPart(server, upload, 2, last)
    await complete(server, upload, [await uploadPart(server, upload, 1, first), second])
    sameBytes(await server.get(upload.Bucket, 'a'), both)
  },
  'part numbers may have gaps': async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a')
    const parts = [await uploadPart(server, upload, 3, first), await uploadPart(server, upload, 10_000, last)]
    await complete(server, upload, parts)
    sameBytes(await server.get(upload.Bucket, 'a'), both)
  },
  'a part sent again replaces the first': async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a')
    await uploadPart(server, upload, 1, 'wrong')
    await complete(server, upload, [await uploadPart(server, upload, 1, 'right')])
    assert.equal(await server.text(upload.Bucket, 'a'), 'right')
  },
  'parts that completion leaves out are left out': async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a')
    const kept = await uploadPart(server, upload, 1, 'kept')
    await uploadPart(server, upload, 2, 'left out')
    await complete(server, upload, [kept])
    assert.equal(await server.text(upload.Bucket, 'a'), 'kept')
  },
  'ListParts gives number, size and ETag of each': async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a')
    await uploadPart(server, upload, 2, last)
    await uploadPart(server, upload, 1, 'x')
    const { Parts = [], IsTruncated, UploadId } = await server.sdk.send(new ListPartsCommand(upload))
    assert.deepEqual(
      Parts.map(({ PartNumber, Size, ETag }) => [PartNumber, Size, ETag]),
      [
        [1, 1, `"${md5('x')}"`],
        [2, 1000, `"${md5(last)}"`],
      ],
    )
    assert.equal(IsTruncated, false)
    assert.equal(UploadId, upload.UploadId)
  },
  'ListParts comes in pages': async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a')
    for (const number of [1, 2, 5, 7]) await uploadPart(server, upload, number, `part ${number}`)
    const page = await server.sdk.send(new ListPartsCommand({ ...upload, MaxParts: 2 }))
    assert.deepEqual([page.Parts?.map((part) => part.PartNumber), page.IsTruncated], [[1, 2], true])
    const next = { ...upload, MaxParts: 2, PartNumberMarker: page.NextPartNumberMarker }
    const rest = await server.sdk.send(new ListPartsCommand(next))
    assert.deepEqual([rest.Parts?.map((part) => part.PartNumber), rest.IsTruncated], [[5, 7], false])
  },
  'ListParts of an unknown upload is NoSuchUpload': async (server) => {
    const upload = { Bucket: await server.bucket(), Key: 'a', UploadId: 'none' }
    await refused(server.sdk.send(new ListPartsCommand(upload)), 404, 'NoSuchUpload')
  },
  'uploads under way are listed by prefix, until they end': async (server) => {
    const bucket = await server.bucket()
    const a = await startUpload(server, bucket, 'a/1')
    const b = await startUpload(server, bucket, 'b/1')
    const uploads = async (Prefix?: string) => {
      const input = { Bucket: bucket, ...(Prefix === undefined ? {} : { Prefix }) }
      const { Uploads = [] } = await server.sdk.send(new ListMultipartUploadsCommand(input))
      return Uploads.map(({ Key, UploadId }) => [Key, UploadId])
    }
    assert.deepEqual(await uploads('b/'), [['b/1', b.UploadId]])
    await complete(server, a, [await uploadPart(server, a, 1, 'x')])
    await server.sdk.send(new AbortMultipartUploadCommand(b))
    assert.deepEqual(await uploads('a/'), [])
    assert.deepEqual(await uploads('b/'), [])
  },
  'nothing is seen before completion': async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a')
    const part = await uploadPart(server, upload, 1, 'x')
    isError(await server.request({ bucket: upload.Bucket, key: 'a' }), 404, 'NoSuchKey')
    const listed = isOk(await server.request({ bucket: upload.Bucket, query: { 'list-type': '2' } }))
    assert.equal(tag(listed, 'KeyCount'), '0')
    await complete(server, upload, [part])
    assert.equal(await server.text(upload.Bucket, 'a'), 'x')
  },
  'what was said at creation is kept': async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a', {
      ContentType: 'image/x-test',
      CacheControl: 'no-store',
      Metadata: { camera: 'x' },
    })
    await complete(server, upload, [await uploadPart(server, upload, 1, 'x')])
    const head = await server.sdk.send(new HeadObjectCommand({ Bucket: upload.Bucket, Key: 'a' }))
    assert.deepEqual(
      [head.ContentType, head.CacheControl, head.Metadata],
      ['image/x-test', 'no-store', { camera: 'x' }],
    )
  },
  'completion replaces an object of the same key': async (server) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'a', 'old')
    const upload = await startUpload(server, bucket, 'a')
    const part = await uploadPart(server, upload, 1, 'new')
    assert.equal(await server.text(bucket, 'a'), 'old')
    await complete(server, upload, [part])
    assert.equal(await server.text(bucket, 'a'), 'new')
  },
  'two uploads of one key do not mix': async (server) => {
    const bucket = await server.bucket()
    const [one, two] = [await startUpload(server, bucket, 'a'), await startUpload(server, bucket, 'a')]
    assert.notEqual(one.UploadId, two.UploadId)
    const parts = [await uploadPart(server, one, 1, 'one'), await uploadPart(server, two, 1, 'two')]
    await complete(server, one, parts.slice(0, 1))
    assert.equal(await server.text(bucket, 'a'), 'one')
    await complete(server, two, parts.slice(1))
    assert.equal(await server.text(bucket, 'a'), 'two')
  },
  'a wrong ETag is InvalidPart': async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a')
    await uploadPart(server, upload, 1, 'x')
    await refused(complete(server, upload, [{ PartNumber: 1, ETag: `"${md5('y')}"` }]), 400, 'InvalidPart')
  },
  'a part that never came is InvalidPart': async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a')
    const part = await uploadPart(server, upload, 1, first)
    await refused(complete(server, upload, [part, { PartNumber: 2, ETag: `"${md5('x')}"` }]), 400, 'InvalidPart')
  },
  'parts named out of order are InvalidPartOrder': async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a')
    const parts = [await uploadPart(server, upload, 1, first), await uploadPart(server, upload, 2, first)]
    await refused(complete(server, upload, parts.toReversed()), 400, 'InvalidPartOrder')
  },
  'a small part that is not the last is EntityTooSmall': async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a')
    const parts = [await uploadPart(server, upload, 1, 'small'), await uploadPart(server, upload, 2, 'last')]
    await refused(complete(server, upload, parts), 400, 'EntityTooSmall')
    isError(await server.request({ bucket: upload.Bucket, key: 'a' }), 404, 'NoSuchKey')
  },
  ...each(
    {
      'completion without parts is refused': '<CompleteMultipartUpload></CompleteMultipartUpload>',
      'completion with XML that breaks off is refused': '<CompleteMultipartUpload><Part><PartNumber>1</Par',
    },
    async (server, body) => {
      const { Bucket, Key, UploadId } = await startUpload(server, await server.bucket(), 'a')
      const query = { uploadId: UploadId }
      isError(
        await server.request({ method: 'POST', bucket: Bucket, key: Key, query, body }),
        400,
        'MalformedXML',
        'InvalidRequest',
      )
    },
  ),
  'an aborted upload is gone': async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a')
    await uploadPart(server, upload, 1, 'x')
    const { $metadata } = await server.sdk.send(new AbortMultipartUploadCommand(upload))
    assert.equal($metadata.httpStatusCode, 204)
    await refused(uploadPart(server, upload, 2, 'x'), 404, 'NoSuchUpload')
    await refused(server.sdk.send(new ListPartsCommand(upload)), 404, 'NoSuchUpload')
  },
  'aborting, completing and filling an unknown upload is NoSuchUpload': async (server) => {
    const upload = { Bucket: await server.bucket(), Key: 'a', UploadId: 'none' }
    await refused(server.sdk.send(new AbortMultipartUploadCommand(upload)), 404, 'NoSuchUpload')
    await refused(complete(server, upload, [{ PartNumber: 1, ETag: `"${md5('x')}"` }]), 404, 'NoSuchUpload')
    await refused(uploadPart(server, upload, 1, 'x'), 404, 'NoSuchUpload')
  },
  "an upload's id is of no use for another key": async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a')
    await refused(uploadPart(server, { ...upload, Key: 'b' }, 1, 'x'), 404, 'NoSuchUpload')
  },
  ...each(
    { 'part number 0 is InvalidArgument': 0, 'part number 10001 is InvalidArgument': 10_001 },
    async (server, number) => {
      const upload = await startUpload(server, await server.bucket(), 'a')
      await refused(uploadPart(server, upload, number, 'x'), 400, 'InvalidArgument')
    },
  ),
  'a single part can be read': async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a')
    const parts = [await uploadPart(server, upload, 1, first), await uploadPart(server, upload, 2, last)]
    await complete(server, upload, parts)
    const at = { Bucket: upload.Bucket, Key: 'a', PartNumber: 2 }
    const part = await server.sdk.send(new GetObjectCommand(at))
    assert.deepEqual([part.PartsCount, part.ContentLength], [2, 1000])
    assert.equal(part.ContentRange, `bytes ${partSize}-${partSize + 999}/${partSize + 1000}`)
    sameBytes((await part.Body?.transformToByteArray()) ?? new Uint8Array(), last)
    const head = await server.sdk.send(new HeadObjectCommand(at))
    assert.deepEqual([head.PartsCount, head.ContentLength], [2, 1000])
  },
  'a range may lie over a seam': async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a')
    const parts = [await uploadPart(server, upload, 1, first), await uploadPart(server, upload, 2, last)]
    await complete(server, upload, parts)
    const range = `bytes=${partSize - 10}-${partSize + 9}`
    const answer = isOk(await server.request({ bucket: upload.Bucket, key: 'a', headers: { range } }), 206)
    sameBytes(answer.body, both.subarray(partSize - 10, partSize + 10))
  },
  "Bun's client uploads a large object in parts": async (server) => {
    const client = server.bun(await server.bucket())
    const writer = client.file('large').writer({ partSize })
    writer.write(first)
    writer.write(last)
    await writer.end()
    sameBytes(await client.file('large').bytes(), both)
  },
})
