import assert from 'node:assert/strict'
import { area, each, isError, isOk, noise, sameBytes } from '../check.ts'
import { type Chunked, chunkedRequest, isRefused } from './chunked-request.ts'

const data = noise(200_000)
const crc32 = (bytes: Uint8Array) => {
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(Bun.hash.crc32(bytes))
  return sum.toString('base64')
}
const right = { 'x-amz-checksum-crc32': crc32(data) }
const wrong = { 'x-amz-checksum-crc32': crc32(noise(10)) }

const accepted: Readonly<Record<string, Chunked>> = {
  'signed chunks': { form: 'signed', data },
  'signed chunks of another size': { form: 'signed', data, chunk: 8192 },
  'signed chunks with a signed trailer': { form: 'signed', data, trailer: right },
  'unsigned chunks with a trailer': { form: 'unsigned', data, trailer: right },
  'unsigned chunks of another size': { form: 'unsigned', data, chunk: 70_001, trailer: right },
  'a last chunk of one byte': {
    form: 'unsigned',
    data: data.slice(0, 16_385),
    chunk: 8192,
    trailer: { 'x-amz-checksum-crc32': crc32(data.slice(0, 16_385)) },
  },
  'no bytes at all': { form: 'signed', data: new Uint8Array() },
  'no bytes and a trailer': {
    form: 'unsigned',
    data: new Uint8Array(),
    trailer: { 'x-amz-checksum-crc32': 'AAAAAA==' },
  },
}

type Row = readonly [Chunked, status: number, ...codes: string[]]

const refusals: Readonly<Record<string, Row>> = {
  'a chunk with another signature is SignatureDoesNotMatch': [
    {
      form: 'signed',
      data,
      alter: (text) => text.replace(/chunk-signature=(.)/, (_, d) => `chunk-signature=${d === '0' ? '1' : '0'}`),
    },
    403,
    'SignatureDoesNotMatch',
  ],
  'a later chunk with another signature is SignatureDoesNotMatch': [
    {
      form: 'signed',
      data,
      alter: (text) => text.replace(/(.*chunk-signature=)(.)/s, (_, start, d) => `${start}${d === '0' ? '1' : '0'}`),
    },
    403,
    'SignatureDoesNotMatch',
  ],
  'a signed chunk whose bytes were changed is SignatureDoesNotMatch': [
    {
      form: 'signed',
      data,
      alter: (text) => text.replace(/(\r\n.{100})(.)/s, (_, start, byte) => `${start}${byte === 'x' ? 'y' : 'x'}`),
    },
    403,
    'SignatureDoesNotMatch',
  ],
  'a signed trailer with another signature is SignatureDoesNotMatch': [
    {
      form: 'signed',
      data,
      trailer: right,
      alter: (text) =>
        text.replace(/x-amz-trailer-signature:(.)/, (_, d) => `x-amz-trailer-signature:${d === '0' ? '1' : '0'}`),
    },
    403,
    'SignatureDoesNotMatch',
  ],
  'a signed trailer with another checksum is BadDigest': [{ form: 'signed', data, trailer: wrong }, 400, 'BadDigest'],
  'an unsigned trailer with another checksum is BadDigest': [
    { form: 'unsigned', data, trailer: wrong },
    400,
    'BadDigest',
  ],
  'fewer bytes than were declared are IncompleteBody': [
    { form: 'unsigned', data, trailer: right, declared: data.length + 1 },
    400,
    'IncompleteBody',
  ],
}

export const chunked = area('aws-chunked', {
  ...each(accepted, async (server, form) => {
    const bucket = await server.bucket()
    const put = isOk(await server.request(chunkedRequest(bucket, 'a', form)))
    assert.ok(put.headers.get('etag'))
    sameBytes(await server.get(bucket, 'a'), form.data)
  }),
  ...each(refusals, async (server, [form, status, ...codes]) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'a', 'before')
    isError(await server.request(chunkedRequest(bucket, 'a', form)), status, ...codes)
    assert.equal(await server.text(bucket, 'a'), 'before')
  }),
  'a body that breaks off is not stored': async (server) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'a', 'before')
    await isRefused(server, chunkedRequest(bucket, 'a', { form: 'unsigned', data, trailer: right, cutAt: 0.5 }))
    assert.equal(await server.text(bucket, 'a'), 'before')
  },
  'a body without its last chunk is not stored': async (server) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'a', 'before')
    const form: Chunked = { form: 'signed', data, alter: (text) => text.slice(0, text.lastIndexOf('\r\n0;') + 2) }
    await isRefused(server, chunkedRequest(bucket, 'a', form))
    assert.equal(await server.text(bucket, 'a'), 'before')
  },
  'a chunk without a size is refused': async (server) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'a', 'before')
    const form: Chunked = { form: 'unsigned', data, trailer: right, alter: (text) => text.replace(/^[0-9a-f]+/, 'zz') }
    await isRefused(server, chunkedRequest(bucket, 'a', form))
    assert.equal(await server.text(bucket, 'a'), 'before')
  },
  'a trailer that was announced and does not come is refused': async (server) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'a', 'before')
    const form: Chunked = {
      form: 'unsigned',
      data,
      trailer: right,
      alter: (text) => text.replace(/x-amz-checksum-crc32:[^\r]*\r\n/, ''),
    }
    await isRefused(server, chunkedRequest(bucket, 'a', form))
    assert.equal(await server.text(bucket, 'a'), 'before')
  },
  'aws-chunked is no part of the stored Content-Encoding': async (server) => {
    const bucket = await server.bucket()
    const encoding = async (value: string) => {
      const form: Chunked = { form: 'unsigned', data, trailer: right, headers: { 'content-encoding': value } }
      isOk(await server.request(chunkedRequest(bucket, 'a', form)))
      return isOk(await server.request({ method: 'HEAD', bucket, key: 'a' })).headers.get('content-encoding')
    }
    assert.equal(await encoding('aws-chunked,gzip'), 'gzip')
    assert.ok([null, ''].includes(await encoding('aws-chunked')))
  },
  'a checksum in a trailer is kept': async (server) => {
    const bucket = await server.bucket()
    isOk(await server.request(chunkedRequest(bucket, 'a', { form: 'unsigned', data, trailer: right })))
    const headers = { 'x-amz-checksum-mode': 'ENABLED' }
    const head = isOk(await server.request({ method: 'HEAD', bucket, key: 'a', headers }))
    assert.equal(head.headers.get('x-amz-checksum-crc32'), right['x-amz-checksum-crc32'])
  },
})
