import assert from 'node:assert/strict'
import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { area, md5, noise, sameBytes } from '../check.ts'
import { complete, partSize, startUpload, uploadPart } from './upload.ts'

const many = <T>(count: number, work: (i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, i) => work(i)))

export const concurrency = area('concurrency', {
  'a hundred puts at once are all there': async (server) => {
    const bucket = await server.bucket()
    const client = server.bun(bucket)
    await many(100, (i) => client.write(`k${i}`, `body ${i}`))
    const { KeyCount } = await server.sdk.send(new ListObjectsV2Command({ Bucket: bucket }))
    assert.equal(KeyCount, 100)
    const texts = await many(100, (i) => client.file(`k${i}`).text())
    texts.forEach((text, i) => void assert.equal(text, `body ${i}`))
  },
  'a reader sees one whole version, whoever writes': async (server) => {
    const bucket = await server.bucket()
    const bodies = Array.from({ length: 4 }, (_, i) => noise(100_000 + i, i + 1))
    const known = new Map(bodies.map((body) => [md5(body), body]))
    const client = server.bun(bucket)
    await client.write('a', bodies[0] ?? '')
    const writes = many(12, (i) => client.write('a', bodies[i % 4] ?? ''))
    const reads = many(24, () => server.request({ bucket, key: 'a' }))
    for (const { body, headers } of await reads) {
      const expected = known.get((headers.get('etag') ?? '').replaceAll('"', ''))
      assert.ok(expected !== undefined, 'an ETag of no version')
      sameBytes(body, expected)
    }
    await writes
  },
  'parts go up side by side': async (server) => {
    const upload = await startUpload(server, await server.bucket(), 'a')
    const bodies = [noise(partSize, 1), noise(partSize, 2), noise(99, 3)]
    const parts = await many(3, (i) => uploadPart(server, upload, i + 1, bodies[i] ?? ''))
    await complete(server, upload, parts)
    sameBytes(await server.get(upload.Bucket, 'a'), Buffer.concat(bodies))
  },
  'removals beside puts touch no other key': async (server) => {
    const bucket = await server.bucket()
    const client = server.bun(bucket)
    await many(20, (i) => client.write(`gone/${i}/deep/key`, 'x'))
    await Promise.all([
      many(20, (i) => client.delete(`gone/${i}/deep/key`)),
      many(20, (i) => client.write(`gone/${i}/deep/stays`, 'y')),
    ])
    const { Contents = [] } = await server.sdk.send(new ListObjectsV2Command({ Bucket: bucket }))
    assert.equal(Contents.length, 20)
    assert.ok(Contents.every(({ Key }) => Key?.endsWith('/stays')))
  },
})
