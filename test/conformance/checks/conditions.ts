import assert from 'node:assert/strict'
import { CompleteMultipartUploadCommand, DeleteObjectCommand } from '@aws-sdk/client-s3'
import { area, each, isError, isOk, md5, refused } from '../check.ts'
import type { Server } from '../server.ts'
import { startUpload, uploadPart } from './upload.ts'

const etag = `"${md5('hello')}"`
const other = `"${md5('other')}"`

async function hello(server: Server) {
  const bucket = await server.bucket()
  await server.put(bucket, 'a', 'hello')
  const { headers } = isOk(await server.request({ method: 'HEAD', bucket, key: 'a' }))
  const modified = Date.parse(headers.get('last-modified') ?? '')
  const at = (shift: number) => new Date(modified + shift).toUTCString()
  return { bucket, same: at(0), before: at(-60_000), after: at(60_000) }
}

type Times = Awaited<ReturnType<typeof hello>>
type Row = readonly [status: number, headers: (times: Times) => Record<string, string>]

// The last four rows are RFC 9110 §13.2.2: an entity tag decides over a date.
const reads: Readonly<Record<string, Row>> = {
  'If-Match of its ETag reads': [200, () => ({ 'if-match': etag })],
  'If-Match of another ETag is 412': [412, () => ({ 'if-match': other })],
  'If-None-Match of its ETag is 304': [304, () => ({ 'if-none-match': etag })],
  'If-None-Match of another ETag reads': [200, () => ({ 'if-none-match': other })],
  'If-Modified-Since the time it was modified is 304': [304, ({ same }) => ({ 'if-modified-since': same })],
  'If-Modified-Since an earlier time reads': [200, ({ before }) => ({ 'if-modified-since': before })],
  'If-Unmodified-Since an earlier time is 412': [412, ({ before }) => ({ 'if-unmodified-since': before })],
  'If-Unmodified-Since the time it was modified reads': [200, ({ same }) => ({ 'if-unmodified-since': same })],
  'If-Match that holds outweighs If-Unmodified-Since': [
    200,
    ({ before }) => ({ 'if-match': etag, 'if-unmodified-since': before }),
  ],
  'If-None-Match that fails outweighs If-Modified-Since': [
    304,
    ({ before }) => ({ 'if-none-match': etag, 'if-modified-since': before }),
  ],
}

export const conditionalReads = area('conditional reads', {
  ...each(reads, async (server, [status, headers]) => {
    const found = await hello(server)
    const answer = await server.request({ bucket: found.bucket, key: 'a', headers: headers(found) })
    assert.equal(answer.status, status)
    if (status === 200) assert.equal(answer.text, 'hello')
    if (status === 304) assert.equal(answer.body.length, 0)
    if (status === 412) isError(answer, 412, 'PreconditionFailed')
    const head = await server.request({ method: 'HEAD', bucket: found.bucket, key: 'a', headers: headers(found) })
    assert.equal(head.status, status, 'HEAD')
  }),
  'a 304 carries the ETag': async (server) => {
    const { bucket } = await hello(server)
    const answer = isOk(await server.request({ bucket, key: 'a', headers: { 'if-none-match': etag } }), 304)
    assert.equal(answer.headers.get('etag'), etag)
  },
})

const put = (server: Server, bucket: string, body: string, headers: Record<string, string>) =>
  server.request({ method: 'PUT', bucket, key: 'a', body, headers })

export const conditionalWrites = area('conditional writes', {
  'If-None-Match * writes where nothing is': async (server) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'a', 'hello', { IfNoneMatch: '*' })
    assert.equal(await server.text(bucket, 'a'), 'hello')
  },
  'If-None-Match * leaves what is there': async (server) => {
    const { bucket } = await hello(server)
    await refused(server.put(bucket, 'a', 'new', { IfNoneMatch: '*' }), 412, 'PreconditionFailed')
    assert.equal(await server.text(bucket, 'a'), 'hello')
  },
  'If-None-Match * writes again after a removal': async (server) => {
    const { bucket } = await hello(server)
    await server.sdk.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'a' }))
    isOk(await put(server, bucket, 'new', { 'if-none-match': '*' }))
    assert.equal(await server.text(bucket, 'a'), 'new')
  },
  'of sixteen writers with If-None-Match * one wins': async (server) => {
    const bucket = await server.bucket()
    const writers = Array.from({ length: 16 }, (_, i) => put(server, bucket, `writer ${i}`, { 'if-none-match': '*' }))
    const answers = await Promise.all(writers)
    const winners = answers.flatMap(({ status }, i) => (status === 200 ? [`writer ${i}`] : []))
    assert.equal(winners.length, 1, `${winners.length} were told that they wrote`)
    assert.equal(await server.text(bucket, 'a'), winners[0])
    for (const answer of answers) assert.ok([200, 409, 412].includes(answer.status), `${answer.status}`)
  },
  'If-Match of the present ETag writes': async (server) => {
    const { bucket } = await hello(server)
    isOk(await put(server, bucket, 'new', { 'if-match': etag }))
    assert.equal(await server.text(bucket, 'a'), 'new')
  },
  'If-Match of a past ETag leaves what is there': async (server) => {
    const { bucket } = await hello(server)
    isError(await put(server, bucket, 'new', { 'if-match': other }), 412, 'PreconditionFailed')
    assert.equal(await server.text(bucket, 'a'), 'hello')
  },
  'If-Match where nothing is is NoSuchKey': async (server) => {
    const bucket = await server.bucket()
    isError(await put(server, bucket, 'new', { 'if-match': etag }), 404, 'NoSuchKey')
    isError(await server.request({ bucket, key: 'a' }), 404, 'NoSuchKey')
  },
  'of sixteen writers that saw the same ETag one wins': async (server) => {
    const { bucket } = await hello(server)
    const writers = Array.from({ length: 16 }, (_, i) => put(server, bucket, `writer ${i}`, { 'if-match': etag }))
    const answers = await Promise.all(writers)
    const winners = answers.flatMap(({ status }, i) => (status === 200 ? [`writer ${i}`] : []))
    assert.equal(winners.length, 1, `${winners.length} were told that they wrote`)
    assert.equal(await server.text(bucket, 'a'), winners[0])
  },
  'completing an upload with If-None-Match * leaves what is there': async (server) => {
    const { bucket } = await hello(server)
    const upload = await startUpload(server, bucket, 'a')
    const part = await uploadPart(server, upload, 1, 'uploaded')
    const complete = { ...upload, MultipartUpload: { Parts: [part] }, IfNoneMatch: '*' }
    await refused(server.sdk.send(new CompleteMultipartUploadCommand(complete)), 412, 'PreconditionFailed')
    assert.equal(await server.text(bucket, 'a'), 'hello')
  },
})
