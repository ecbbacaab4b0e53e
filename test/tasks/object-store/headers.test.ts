import { afterAll, beforeAll, expect, test } from 'bun:test'
import { request } from 'node:http'
import { connect } from 'node:net'
import { type StoreProcess, scratch, startStore } from './store-rig.ts'

let folder: Awaited<ReturnType<typeof scratch>>
let store: StoreProcess

beforeAll(async () => {
  folder = await scratch()
  store = await startStore(folder.path)
  await store.s3.createBucket('bucket')
})
afterAll(async () => {
  await store[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/** One request with headers as bytes; answers its status and headers as bytes too. */
async function send(method: string, url: string, headers: Record<string, string>, body = '') {
  return new Promise<{ status: number | undefined; headers: Record<string, unknown> }>((resolve, reject) => {
    const asked = request(url, { method, headers: { ...headers, 'content-length': body.length } }, (answer) => {
      answer.resume().on('end', () => resolve({ status: answer.statusCode, headers: answer.headers }))
    })
    asked.on('error', reject).end(body)
  })
}

function presigned(method: 'GET' | 'PUT', key = 'key'): string {
  const { endpoint } = store.s3
  const bulk = new Bun.S3Client({ ...endpoint, endpoint: endpoint.url, bucket: 'bucket' })
  return bulk.presign(key, { method })
}

test('a header beyond ASCII comes back byte for byte', async () => {
  const disposition = Buffer.from('attachment; filename="日本 é.jpg"').toString('latin1')
  expect((await send('PUT', presigned('PUT'), { 'content-disposition': disposition }, 'body')).status).toBe(200)
  const { status, headers } = await send('GET', presigned('GET'), {})
  expect(status).toBe(200)
  expect(headers['content-disposition']).toBe(disposition)
})

test('a line end in an override is refused, not sent as a header', async () => {
  const { GetObjectCommand } = await import('@aws-sdk/client-s3')
  await store.s3.put('bucket', 'key', 'body')
  const command = new GetObjectCommand({
    Bucket: 'bucket',
    Key: 'key',
    ResponseContentType: 'text/plain\r\nx-injected: yes',
  })
  const error: unknown = await (await store.s3.control()).send(command).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ name: 'InvalidArgument' })
  expect((await store.s3.head('bucket', 'key'))?.size).toBe(4)
})

test('a body that ends too soon leaves nothing, and the store goes on', async () => {
  const { host, port, pathname, search } = new URL(presigned('PUT', 'cut'))
  const socket = connect({ host: '127.0.0.1', port: Number(port) })
  socket.write(`PUT ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1000\r\n\r\nnot a thousand`)
  // The end of what is sent, before the promised length: the store answers or hangs up, and we see the end of it.
  socket.end()
  await new Promise((resolve) => socket.resume().once('close', resolve))
  expect(await store.s3.head('bucket', 'cut')).toBeUndefined()
  await store.s3.put('bucket', 'after', 'body')
  expect((await store.s3.head('bucket', 'after'))?.size).toBe(4)
})

test('who closes their half after asking is answered to the last byte', async () => {
  const size = 30_000_000
  await store.s3.put('bucket', 'large', Buffer.alloc(size, 'x'))
  const { host, port, pathname, search } = new URL(presigned('GET', 'large'))
  const socket = connect({ host: '127.0.0.1', port: Number(port), allowHalfOpen: true })
  socket.end(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  let bytes = 0
  socket.on('data', (data) => {
    bytes += data.length
  })
  socket.on('end', () => resolve(bytes)).on('error', reject)
  expect(await promise).toBeGreaterThan(size)
  socket.destroy()
})
