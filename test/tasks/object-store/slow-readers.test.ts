import { expect, test } from 'bun:test'
import { connect, type Socket } from 'node:net'
import { scratch, startStore } from './store-rig.ts'

const size = 2 ** 20
const slow = 12

const content = (index: number) => Buffer.alloc(size, `object ${index} `)

/** Asks for an object and reads nothing of the answer before it is told to: most of it waits in the store. */
function ask(url: URL): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname)
    socket.once('error', reject).once('connect', () => {
      socket.pause()
      socket.write(`GET ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\nconnection: close\r\n\r\n`)
      resolve(socket)
    })
  })
}

function bodyOf(socket: Socket): Promise<Buffer> {
  const pieces: Buffer[] = []
  return new Promise((resolve, reject) => {
    socket.on('data', (piece) => pieces.push(Buffer.from(piece))).once('error', reject)
    socket.once('end', () => {
      const whole = Buffer.concat(pieces)
      resolve(whole.subarray(whole.indexOf('\r\n\r\n') + 4))
    })
    socket.resume()
  })
}

test('an answer that its reader leaves waiting keeps its bytes while others are read into the same buffers', async () => {
  await using folder = await scratch()
  await using store = await startStore(folder.path)
  await store.s3.createBucket('bucket')
  const bulk = new Bun.S3Client({ ...store.s3.endpoint, endpoint: store.s3.endpoint.url, bucket: 'bucket' })
  const indices = Array.from({ length: slow }, (_, index) => index)
  for (const index of indices) await bulk.write(`${index}`, content(index))
  await bulk.write('other', content(-1))
  const sockets = await Promise.all(indices.map((index) => ask(new URL(bulk.presign(`${index}`)))))
  for (let round = 0; round < 100; round++)
    if (!content(-1).equals(Buffer.from(await bulk.file('other').arrayBuffer()))) throw new Error('another object came')
  const bodies = await Promise.all(sockets.map(bodyOf))
  expect(indices.map((index) => bodies[index]?.equals(content(index)))).toEqual(indices.map(() => true))
}, 30_000)
