import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  ChecksumAlgorithm,
  CompleteMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { area, each, isError, isOk, md5Base64, noise, refused } from '../check.ts'
import type { Server } from '../server.ts'
import { type Chunked, chunkedRequest } from './chunked-request.ts'
import { partSize, startUpload } from './upload.ts'

// The check values that the CRCs' definitions give for these nine digits: CBF43926, E3069283, AE8B14860A799888.
const digits = '123456789'
const digest = (algorithm: string) => createHash(algorithm).update(digits).digest('base64')
const sums: Readonly<Record<string, string>> = {
  crc32: 'y/Q5Jg==',
  crc32c: '4waSgw==',
  crc64nvme: 'rosUhgp5mIg=',
  sha1: digest('sha1'),
  sha256: digest('sha256'),
}
const algorithms = Object.fromEntries(Object.keys(sums).map((name) => [name.toUpperCase(), name]))

const ask = { 'x-amz-checksum-mode': 'ENABLED' }

async function refusesPut(server: Server, headers: Record<string, string>, ...codes: string[]): Promise<void> {
  const bucket = await server.bucket()
  await server.put(bucket, 'a', 'before')
  isError(await server.request({ method: 'PUT', bucket, key: 'a', body: 'after', headers }), 400, ...codes)
  assert.equal(await server.text(bucket, 'a'), 'before')
}

const named = (text: string) =>
  Object.fromEntries(Object.entries(algorithms).map(([name, row]) => [`${name} ${text}`, row]))

export const checksums = area('checksums', {
  ...each(named('is verified, kept and answered when asked for'), async (server, name) => {
    const bucket = await server.bucket()
    const header = `x-amz-checksum-${name}`
    const headers = { [header]: sums[name] ?? '' }
    const put = isOk(await server.request({ method: 'PUT', bucket, key: 'a', body: digits, headers }))
    assert.equal(put.headers.get(header), sums[name], 'PUT')
    for (const method of ['HEAD', 'GET']) {
      const answer = isOk(await server.request({ method, bucket, key: 'a', headers: ask }))
      assert.equal(answer.headers.get(header), sums[name], method)
    }
  }),
  ...each(named('of other bytes is BadDigest, and nothing is stored'), async (server, name) =>
    refusesPut(server, { [`x-amz-checksum-${name}`]: sums[name] ?? '' }, 'BadDigest'),
  ),
  'the five are made by the SDK and come back': async (server) => {
    const bucket = await server.bucket()
    for (const algorithm of ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const) {
      const input = { Bucket: bucket, Key: algorithm, Body: digits, ChecksumAlgorithm: ChecksumAlgorithm[algorithm] }
      await server.sdk.send(new PutObjectCommand(input))
      const get = { Bucket: bucket, Key: algorithm, ChecksumMode: 'ENABLED' } as const
      const answer = await server.sdk.send(new GetObjectCommand(get))
      assert.equal(answer[`Checksum${algorithm}`], sums[algorithm.toLowerCase()])
      assert.equal(await answer.Body?.transformToString(), digits)
    }
  },
  'no checksum is answered unless asked for': async (server) => {
    const bucket = await server.bucket()
    const headers = { 'x-amz-checksum-sha256': sums.sha256 ?? '' }
    isOk(await server.request({ method: 'PUT', bucket, key: 'a', body: digits, headers }))
    const head = (more: Record<string, string>) => server.request({ method: 'HEAD', bucket, key: 'a', headers: more })
    assert.equal((await head({})).headers.get('x-amz-checksum-sha256'), null)
    assert.equal((await head(ask)).headers.get('x-amz-checksum-sha256'), sums.sha256)
  },
  'a checksum of the wrong length is InvalidRequest': async (server) =>
    refusesPut(server, { 'x-amz-checksum-crc32': 'AAA=' }, 'InvalidRequest'),
  'a checksum that is not base64 is InvalidRequest': async (server) =>
    refusesPut(server, { 'x-amz-checksum-sha256': '!!' }, 'InvalidRequest'),
  'two checksums are InvalidRequest': async (server) =>
    refusesPut(
      server,
      { 'x-amz-checksum-crc32': sums.crc32 ?? '', 'x-amz-checksum-sha1': sums.sha1 ?? '' },
      'InvalidRequest',
    ),
  'a part with another checksum is BadDigest': async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a', { ChecksumAlgorithm: 'CRC32' })
    const part = { ...upload, PartNumber: 1, Body: 'other', ChecksumCRC32: sums.crc32 }
    await refused(server.sdk.send(new UploadPartCommand(part)), 400, 'BadDigest')
  },
  'parts with checksums make a composite one': async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a', { ChecksumAlgorithm: 'SHA256' })
    const parts = [noise(partSize), noise(100, 2)]
    const sum = (data: Uint8Array) => createHash('sha256').update(data).digest()
    const Parts = []
    for (const [i, Body] of parts.entries()) {
      const ChecksumSHA256 = sum(Body).toString('base64')
      const part = { ...upload, PartNumber: i + 1, Body, ChecksumSHA256 }
      const { ETag } = await server.sdk.send(new UploadPartCommand(part))
      Parts.push({ ETag, PartNumber: i + 1, ChecksumSHA256 })
    }
    const composite = `${sum(Buffer.concat(parts.map(sum))).toString('base64')}-2`
    const answer = await server.sdk.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }))
    assert.equal(answer.ChecksumSHA256, composite)
    const head = { Bucket: upload.Bucket, Key: 'a', ChecksumMode: 'ENABLED' } as const
    const found = await server.sdk.send(new HeadObjectCommand(head))
    assert.deepEqual([found.ChecksumSHA256, found.ChecksumType], [composite, 'COMPOSITE'])
  },
  'a CRC64NVME of parts is that of the whole object': async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a', { ChecksumAlgorithm: 'CRC64NVME' })
    const part = { ...upload, PartNumber: 1, Body: digits, ChecksumCRC64NVME: sums.crc64nvme }
    const { ETag } = await server.sdk.send(new UploadPartCommand(part))
    const Parts = [{ ETag, PartNumber: 1, ChecksumCRC64NVME: sums.crc64nvme }]
    await server.sdk.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }))
    const head = { Bucket: upload.Bucket, Key: 'a', ChecksumMode: 'ENABLED' } as const
    const found = await server.sdk.send(new HeadObjectCommand(head))
    assert.deepEqual([found.ChecksumCRC64NVME, found.ChecksumType], [sums.crc64nvme, 'FULL_OBJECT'])
  },
  'parts may carry checksums that were not declared at creation': async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a')
    const part = { ...upload, PartNumber: 1, Body: digits, ChecksumCRC32: sums.crc32 }
    const { ETag } = await server.sdk.send(new UploadPartCommand(part))
    const Parts = [{ ETag, PartNumber: 1, ChecksumCRC32: sums.crc32 }]
    await server.sdk.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }))
    assert.equal(await server.text(upload.Bucket, 'a'), digits)
  },
  'a part whose checksum is another at completion is InvalidPart': async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a', { ChecksumAlgorithm: 'CRC32' })
    const part = { ...upload, PartNumber: 1, Body: digits, ChecksumCRC32: sums.crc32 }
    const { ETag } = await server.sdk.send(new UploadPartCommand(part))
    const Parts = [{ ETag, PartNumber: 1, ChecksumCRC32: 'AAAAAA==' }]
    const work = server.sdk.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }))
    await refused(work, 400, 'InvalidPart', 'BadDigest')
  },
})

const inTrailer = (name: string, data: Uint8Array, form: Chunked['form']): Chunked => ({
  form,
  data,
  trailer: { [`x-amz-checksum-${name}`]: sums[name] ?? '' },
})

export const trailers = area('checksums in trailers', {
  ...each(named('is verified and kept'), async (server, name) => {
    const bucket = await server.bucket()
    for (const form of ['signed', 'unsigned'] as const) {
      isOk(await server.request(chunkedRequest(bucket, form, inTrailer(name, Buffer.from(digits), form))))
      const head = isOk(await server.request({ method: 'HEAD', bucket, key: form, headers: ask }))
      assert.equal(head.headers.get(`x-amz-checksum-${name}`), sums[name])
      assert.equal(await server.text(bucket, form), digits)
    }
  }),
  ...each(named('of other bytes is BadDigest, and nothing is stored'), async (server, name) => {
    const bucket = await server.bucket()
    const other = inTrailer(name, Buffer.from('other'), 'unsigned')
    isError(await server.request(chunkedRequest(bucket, 'a', other)), 400, 'BadDigest')
    isError(await server.request({ bucket, key: 'a' }), 404, 'NoSuchKey')
  }),
  'a part may carry its checksum in a trailer': async (server) => {
    const { Bucket, Key, UploadId } = await startUpload(server, await server.bucket(), 'a', {
      ChecksumAlgorithm: 'CRC32',
    })
    const query = { partNumber: '1', uploadId: UploadId }
    const wrong = chunkedRequest(Bucket, Key, inTrailer('crc32', Buffer.from('other'), 'unsigned'))
    isError(await server.request({ ...wrong, query }), 400, 'BadDigest')
    const right = chunkedRequest(Bucket, Key, inTrailer('crc32', Buffer.from(digits), 'unsigned'))
    const ETag = isOk(await server.request({ ...right, query })).headers.get('etag') ?? ''
    const Parts = [{ ETag, PartNumber: 1, ChecksumCRC32: sums.crc32 }]
    const MultipartUpload = { Parts }
    await server.sdk.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }))
    assert.equal(await server.text(Bucket, Key), digits)
  },
  // What a URL presigned without a body carries by mistake: the CRC32 of nothing.
  'a presigned checksum of nothing is BadDigest for something': async (server) => {
    const bucket = await server.bucket()
    const headers = { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-sdk-checksum-algorithm': 'CRC32' }
    const { target } = await server.sign({ method: 'PUT', bucket, key: 'a', auth: 60, headers })
    assert.match(target, /x-amz-checksum-crc32=AAAAAA%3D%3D/)
    const put = await fetch(new URL(target, server.endpoint.url), { method: 'PUT', body: 'something' })
    assert.equal(put.status, 400)
    assert.match(await put.text(), /<Code>BadDigest</)
    isError(await server.request({ bucket, key: 'a' }), 404, 'NoSuchKey')
  },
})

export const contentMd5 = area('Content-MD5', {
  'the right one is taken': async (server) => {
    const bucket = await server.bucket()
    const headers = { 'content-md5': md5Base64('hello') }
    isOk(await server.request({ method: 'PUT', bucket, key: 'a', body: 'hello', headers }))
    assert.equal(await server.text(bucket, 'a'), 'hello')
  },
  'another is BadDigest': async (server) => refusesPut(server, { 'content-md5': md5Base64('other') }, 'BadDigest'),
  'what is no MD5 is InvalidDigest': async (server) => refusesPut(server, { 'content-md5': 'AAAA' }, 'InvalidDigest'),
  'another for a part is BadDigest': async (server) => {
    const { Bucket, Key, UploadId } = await startUpload(server, await server.bucket(), 'a')
    const query = { partNumber: '1', uploadId: UploadId }
    const put = {
      method: 'PUT',
      bucket: Bucket,
      key: Key,
      query,
      body: 'hello',
      headers: { 'content-md5': md5Base64('other') },
    }
    isError(await server.request(put), 400, 'BadDigest')
  },
})
