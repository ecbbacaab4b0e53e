import { describe, expect, test } from 'bun:test'
import { peakMemory } from '../../../benchmarks/object-store/process.ts'
import { tellsPeakMemory } from '../../peak-memory.ts'
import { type StoreProcess, scratch, startStore } from './store-rig.ts'

const mebibyte = 2 ** 20
const limit = 150 * mebibyte

/** The n-th piece of a body that never repeats a piece. */
function piece(index: number): Uint8Array {
  return Buffer.alloc(mebibyte, `piece ${index} `)
}

function digestOf(pieces: number): string {
  const hash = new Bun.CryptoHasher('sha256')
  for (let index = 0; index < pieces; index++) hash.update(piece(index))
  return hash.digest('hex')
}

async function digestOfAnswer(answer: Response): Promise<string> {
  const hash = new Bun.CryptoHasher('sha256')
  for await (const bytes of answer.body ?? []) hash.update(bytes)
  return hash.digest('hex')
}

describe.skipIf(!tellsPeakMemory)('memory stays below 150 MB, stored and read whole', () => {
  const pieces = 256
  const bulk = ({ s3: { endpoint } }: StoreProcess) =>
    new Bun.S3Client({ ...endpoint, endpoint: endpoint.url, bucket: 'bucket' })

  test('for one put of 256 MiB', async () => {
    await using folder = await scratch()
    await using store = await startStore(folder.path)
    await store.s3.createBucket('bucket')
    const url = bulk(store).presign('key', { method: 'PUT' })
    let index = 0
    const body = new ReadableStream({
      pull(controller) {
        if (index === pieces) controller.close()
        else controller.enqueue(piece(index++))
      },
    })
    const headers = { 'content-length': String(pieces * mebibyte) }
    expect((await fetch(url, { method: 'PUT', body, headers })).status).toBe(200)
    expect(await digestOfAnswer(await fetch(bulk(store).presign('key')))).toBe(digestOf(pieces))
    expect(peakMemory(store.pid)).toBeLessThan(limit)
  }, 60_000)

  test('for a multipart upload of 256 MiB, a copy of it and a range', async () => {
    await using folder = await scratch()
    await using store = await startStore(folder.path)
    await store.s3.createBucket('bucket')
    const writer = bulk(store)
      .file('key')
      .writer({ partSize: 8 * mebibyte, queueSize: 4 })
    for (let index = 0; index < pieces; index++) {
      writer.write(piece(index))
      await writer.flush()
    }
    await writer.end()
    const { CopyObjectCommand } = await import('@aws-sdk/client-s3')
    await (await store.s3.control()).send(
      new CopyObjectCommand({ Bucket: 'bucket', Key: 'copy', CopySource: 'bucket/key' }),
    )
    expect(await digestOfAnswer(await fetch(bulk(store).presign('copy')))).toBe(digestOf(pieces))
    // Across the border of two parts.
    const range = await fetch(bulk(store).presign('key'), {
      headers: { range: `bytes=${8 * mebibyte - 3}-${8 * mebibyte + 2}` },
    })
    expect(range.status).toBe(206)
    expect(Buffer.from(await range.arrayBuffer())).toEqual(
      Buffer.concat([Buffer.from(piece(7)).subarray(-3), Buffer.from(piece(8)).subarray(0, 3)]),
    )
    expect(peakMemory(store.pid)).toBeLessThan(limit)
  }, 60_000)

  test('for a reader that stops reading', async () => {
    await using folder = await scratch()
    await using store = await startStore(folder.path)
    await store.s3.createBucket('bucket')
    await store.s3.put('bucket', 'key', Buffer.concat(Array.from({ length: 128 }, (_, index) => piece(index))))
    const answers = await Promise.all(Array.from({ length: 4 }, () => fetch(bulk(store).presign('key'))))
    // Others are served meanwhile.
    await store.s3.put('bucket', 'other', 'body')
    expect(Buffer.from(await store.s3.get('bucket', 'other')).toString()).toBe('body')
    for (const answer of answers) await answer.body?.cancel()
    expect(peakMemory(store.pid)).toBeLessThan(limit)
  }, 60_000)
})
