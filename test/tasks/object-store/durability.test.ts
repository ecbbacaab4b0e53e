import { describe, expect, test } from 'bun:test'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { putEvents } from '../../../tasks/object-store/put-events.ts'
import { scratch, sentenceOf, startStore } from './store-rig.ts'

/** Says its own key and length all the way through, so that a torn or mixed object shows. */
function bodyOf(key: string, size: number): Uint8Array {
  return Buffer.alloc(size, `${key};`)
}

describe('kill -9 while objects are put', () => {
  test('leaves each object whole or absent, those that were answered whole, and no stray file', async () => {
    await using folder = await scratch()
    const answered: string[] = []
    const size = (key: string) => (key.endsWith('7') ? 3_000_000 : 50_000)
    {
      await using store = await startStore(folder.path)
      await store.s3.createBucket('bucket')
      const puts = Array.from({ length: 120 }, async (_, index) => {
        const key = `object-${index}`
        await store.s3.put('bucket', key, bodyOf(key, size(key)))
        answered.push(key)
        if (answered.length === 40) await store.kill()
      })
      await Promise.allSettled(puts)
    }
    expect(answered.length).toBeGreaterThanOrEqual(40)
    expect(answered.length).toBeLessThan(120)

    await using store = await startStore(folder.path)
    const found = await store.s3.list('bucket', '')
    const keys = found.map(({ key }) => key)
    expect(answered.filter((key) => !keys.includes(key))).toEqual([])
    for (const { key, size: listed } of found) {
      const bytes = await store.s3.get('bucket', key)
      expect(listed).toBe(size(key))
      expect(Buffer.compare(bytes, bodyOf(key, size(key)))).toBe(0)
    }
    await store.s3.remove('bucket', keys)
    await store[Symbol.asyncDispose]()
    expect(await readdir(join(folder.path, 'content'))).toEqual([])
  }, 30_000)

  test('of a key that is there leaves the old object or the new one', async () => {
    await using folder = await scratch()
    {
      await using store = await startStore(folder.path)
      await store.s3.createBucket('bucket')
      await store.s3.put('bucket', 'key', bodyOf('version-0', 2_000_000))
      const puts = Array.from({ length: 20 }, async (_, index) => {
        await store.s3.put('bucket', 'key', bodyOf(`version-${index + 1}`, 2_000_000))
        if (index === 3) await store.kill()
      })
      await Promise.allSettled(puts)
    }
    await using store = await startStore(folder.path)
    const bytes = Buffer.from(await store.s3.get('bucket', 'key'))
    const version = bytes.toString('latin1', 0, bytes.indexOf(';'))
    expect(version).toMatch(/^version-\d+$/)
    expect(bytes.equals(bodyOf(version, 2_000_000))).toBe(true)
    expect((await store.s3.head('bucket', 'key'))?.etag).toBe(new Bun.CryptoHasher('md5').update(bytes).digest('hex'))
    expect(await readdir(join(folder.path, 'content'))).toHaveLength(1)
  }, 30_000)
})

test('concurrent puts and gets of one key never show a mixture', async () => {
  await using folder = await scratch()
  await using store = await startStore(folder.path)
  await store.s3.createBucket('bucket')
  await store.s3.put('bucket', 'key', bodyOf('v0', 400_000))
  const writes = Array.from({ length: 32 }, (_, index) =>
    store.s3.put('bucket', 'key', bodyOf(`v${index}`, 400_000 + index)),
  )
  const reads = Array.from({ length: 64 }, () => store.s3.get('bucket', 'key'))
  await Promise.all(writes)
  for (const bytes of await Promise.all(reads)) {
    const name = Buffer.from(bytes).toString('latin1', 0, bytes.indexOf(59))
    expect(Buffer.compare(bytes, bodyOf(name, bytes.byteLength))).toBe(0)
  }
})

test('a reader that began before an object was replaced gets the old one to its end, and its files go after', async () => {
  await using folder = await scratch()
  await using store = await startStore(folder.path)
  await store.s3.createBucket('bucket')
  const { endpoint } = store.s3
  const bulk = new Bun.S3Client({ ...endpoint, endpoint: endpoint.url, bucket: 'bucket' })
  const old = bodyOf('old', 6 * 5 * 2 ** 20)
  const writer = bulk.file('key').writer({ partSize: 5 * 2 ** 20 })
  writer.write(old)
  await writer.end()
  expect((await store.s3.head('bucket', 'key'))?.etag).toEndWith('-6')
  // What is in flight is far less than six parts.
  const answer = await fetch(bulk.presign('key'))
  await store.s3.put('bucket', 'key', 'new')
  expect(Buffer.compare(Buffer.from(await answer.arrayBuffer()), old)).toBe(0)
  expect(Buffer.from(await store.s3.get('bucket', 'key')).toString()).toBe('new')
  await store[Symbol.asyncDispose]()
  expect(await readdir(join(folder.path, 'content'))).toHaveLength(1)
})

test('of concurrent conditional puts to a new key exactly one wins', async () => {
  await using folder = await scratch()
  await using store = await startStore(folder.path)
  await store.s3.createBucket('bucket')
  const won = await Promise.all(
    Array.from({ length: 16 }, (_, index) => store.s3.putNew('bucket', 'key', `writer ${index}`)),
  )
  expect(won.filter(Boolean)).toHaveLength(1)
  expect(Buffer.from(await store.s3.get('bucket', 'key')).toString()).toBe(`writer ${won.indexOf(true)}`)
})

test('the record tells when each put came in and became visible, in that order', async () => {
  await using folder = await scratch()
  await using store = await startStore(folder.path)
  await store.s3.createBucket('bucket')
  expect(await putEvents(folder.path)).toEqual([])
  const before = Date.now() - 5
  await store.s3.put('bucket', 'first', 'one')
  // Answered, so it is there: no waiting, no polling.
  expect((await putEvents(folder.path)).map(({ key }) => key)).toEqual(['first'])
  const writer = store.s3
  await writer.putNew('bucket', 'é/second', 'two!')
  const [first, second] = await putEvents(folder.path)
  expect(second).toMatchObject({ operation: 'PutObject', bucket: 'bucket', key: 'é/second', bytes: 4 })
  const times = [
    before,
    first?.arrived ?? 0,
    first?.visible ?? 0,
    second?.arrived ?? 0,
    second?.visible ?? 0,
    Date.now() + 5,
  ]
  expect(times.toSorted((a, b) => a - b)).toEqual(times)
})

test('the record survives kill -9 and a torn last line', async () => {
  await using folder = await scratch()
  {
    await using store = await startStore(folder.path)
    await store.s3.createBucket('bucket')
    await store.s3.put('bucket', 'kept', 'one')
    await store.kill()
  }
  const file = Bun.file(join(folder.path, 'requests.jsonl'))
  await Bun.write(file, `${await file.text()}{"operation":"PutOb`)
  expect((await putEvents(folder.path)).map(({ key }) => key)).toEqual(['kept'])
  await using store = await startStore(folder.path)
  await store.s3.put('bucket', 'later', 'two')
  expect((await putEvents(folder.path)).map(({ key }) => key)).toEqual(['kept', 'later'])
})

test('a folder is served by one process at a time', async () => {
  await using folder = await scratch()
  await using _store = await startStore(folder.path)
  expect(await sentenceOf(startStore(folder.path))).toContain("'dir' must be served by one process at a time")
})

test('the store ends when whoever started it is killed', async () => {
  await using folder = await scratch()
  const rig = join(import.meta.dir, 'store-rig.ts')
  const script = `import { startStore } from ${JSON.stringify(rig)}
    console.log((await startStore(${JSON.stringify(folder.path)})).pid)
    setInterval(() => {}, 1000)`
  const parent = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe', stderr: 'inherit' })
  const { value } = await parent.stdout.getReader().read()
  const pid = Number(Buffer.from(value ?? []).toString())
  expect(isRunning(pid)).toBe(true)
  parent.kill('SIGKILL')
  await parent.exited
  const deadline = performance.now() + 5000
  while (isRunning(pid) && performance.now() < deadline) await Bun.sleep(10)
  expect(isRunning(pid)).toBe(false)
})

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
