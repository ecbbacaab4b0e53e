import { expect, test } from 'bun:test'
import { keepLately } from '../../../tasks/object-store/server/lately.ts'
import { scratch, startStore } from './store-rig.ts'

const MiB = 2 ** 20
const bytes = (size: number, value = 1) => new Uint8Array(size).fill(value)

test('what was written first goes first, and no more is kept than there may be', () => {
  const lately = keepLately(3.5 * MiB)
  for (const id of ['a', 'b', 'c']) lately.keep(id, bytes(MiB))
  lately.keep('a', bytes(MiB, 2))
  lately.keep('d', bytes(MiB))
  expect(['a', 'b', 'c', 'd'].map((id) => lately.get(id)?.[0])).toEqual([2, undefined, 1, 1])
  lately.keep('e', bytes(4 * MiB))
  expect(['a', 'c', 'd', 'e'].filter((id) => lately.get(id) !== undefined)).toEqual([])
})

test('many empty files are not kept for ever, and what is forgotten makes room', () => {
  const lately = keepLately(MiB)
  for (let n = 0; n < 5000; n++) lately.keep(`${n}`, bytes(0))
  expect([lately.get('0'), lately.get('4999')]).toEqual([undefined, bytes(0)])
  for (let n = 0; n < 5000; n++) lately.forget(`${n}`)
  lately.keep('large', bytes(MiB - 1024))
  expect(lately.get('large')?.byteLength).toBe(MiB - 1024)
})

test('a small piece of something large does not keep all of that', () => {
  const lately = keepLately(MiB)
  lately.keep('a', bytes(MiB).subarray(5, 10))
  expect(lately.get('a')?.buffer.byteLength).toBe(5)
})

test('an object is what was put last, whole and in part, and after a kill as well', async () => {
  await using folder = await scratch()
  const put = async (value: number, read: 'kept' | 'from the disk') => {
    await using store = await startStore(folder.path)
    const bulk = new Bun.S3Client({ ...store.s3.endpoint, endpoint: store.s3.endpoint.url, bucket: 'bucket' })
    if (read === 'kept') {
      await store.s3.createBucket('bucket')
      // The file of the first is written again for the second.
      for (const last of [value - 1, value]) await bulk.write('object', bytes(100_000, last))
      await bulk.write('gone', bytes(10))
      await bulk.delete('gone')
    }
    const whole = new Uint8Array(await bulk.file('object').arrayBuffer())
    const part = new Uint8Array(await bulk.file('object').slice(5, 9).arrayBuffer())
    const found = [whole.length, whole[0], whole.at(-1), ...part, await bulk.exists('gone')]
    await store.kill()
    return found
  }
  const right = [100_000, 7, 7, 7, 7, 7, 7, false]
  expect(await put(7, 'kept')).toEqual(right)
  expect(await put(7, 'from the disk')).toEqual(right)
})
