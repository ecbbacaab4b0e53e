import { describe, expect, test } from 'bun:test'
import { startChild } from '../../../tasks/object-store/child.ts'
import { connect } from '../../../tasks/object-store/connect.ts'
import { inOwnMounts, mountProblem } from '../../mount.ts'
import { main, scratch, sentenceOf } from './store-rig.ts'

/** The embedded store, started by a shell that first does `before`; what it logs must be no stack. */
async function startScarce(folder: string, before: string, wrap: readonly string[] = []) {
  const logged: string[] = []
  const child = startChild({
    name: 'the store',
    command: [...wrap, 'sh', '-c', `${before} && exec "$0" "$1"`, process.execPath, main],
    env: { PATH: process.env.PATH, STORE_DIR: folder },
    log: (line) => void logged.push(line),
  })
  const { endpoint: url, ...keys } = JSON.parse(await child.firstLine(20_000))
  const s3 = connect({ url, ...keys })
  await s3.createBucket('bucket')
  return { s3, logged, [Symbol.asyncDispose]: async () => void (await child.stop(3000)) }
}

const noMount = mountProblem()
if (noMount !== undefined) console.warn(`skipped: a full disk under the store: ${noMount}`)

describe.skipIf(noMount !== undefined)('on a disk of 8 MB', () => {
  const startFull = () => startScarce('/mnt/store', 'mount -t tmpfs -o size=8m none /mnt', inOwnMounts)
  const full =
    /^Problem: Cannot put 'bucket\/\w+' as 'S3_ENDPOINT' must be a server with room: current value is \S+ \(507 InsufficientStorage, .*\)\. Free some of its disk\.$/

  test('large objects are refused in a sentence, and all that were taken are whole', async () => {
    await using store = await startFull()
    const { s3 } = store
    const body = (index: number) => Buffer.alloc(1_000_000, index)
    let taken = 0
    let said = ''
    while (said === '' && taken < 20) {
      said = await s3.put('bucket', `k${taken}`, body(taken + 1)).then(() => '', String)
      if (said === '') taken++
    }
    expect(said).toMatch(full)
    expect(taken).toBeGreaterThan(3)
    // Also one that comes in pieces, and leaves none.
    expect(await sentenceOf(s3.put('bucket', 'large', Buffer.alloc(6_000_000)))).toMatch(full)
    expect((await s3.list('bucket', '')).map(({ key }) => key)).toEqual(
      Array.from({ length: taken }, (_, at) => `k${at}`),
    )
    for (let index = 0; index < taken; index++)
      expect(Buffer.compare(await s3.get('bucket', `k${index}`), body(index + 1))).toBe(0)
    await s3.remove('bucket', ['k0', 'k1'])
    await s3.put('bucket', 'again', 'there is room')
    expect(store.logged).toEqual([])
  }, 30_000)

  test('and so is the catalog’s row of an object that has no byte', async () => {
    await using store = await startFull()
    const { s3 } = store
    await s3
      .put('bucket', 'ballast', Buffer.alloc(6_000_000))
      .catch(() => s3.put('bucket', 'ballast', Buffer.alloc(5_000_000)))
    let taken = 0
    let said = ''
    while (said === '' && taken < 20_000) {
      said = await s3.put('bucket', `${taken}`.padStart(900, '0'), '').then(() => '', String)
      if (said === '') taken++
    }
    expect(said).toContain('507 InsufficientStorage')
    expect(await s3.list('bucket', '0')).toHaveLength(taken)
    expect(store.logged).toEqual([])
  }, 60_000)
})

describe('with 64 descriptors', () => {
  test('two hundred puts and gets at once are slower, and none is lost', async () => {
    await using folder = await scratch()
    await using store = await startScarce(folder.path, 'ulimit -n 64')
    const { s3 } = store
    const all = Array.from({ length: 200 }, (_, index) => index)
    const body = (index: number) => Buffer.alloc(100_000, index)
    // Some may be told no in the end, which is a sentence and not a hang; what was taken is there.
    const put = await Promise.allSettled(all.map((index) => s3.put('bucket', `k${index}`, body(index))))
    const taken = all.filter((index) => put[index]?.status === 'fulfilled')
    for (const one of put) if (one.status === 'rejected') expect(String(one.reason)).toStartWith('Problem: Cannot put ')
    expect(taken.length).toBeGreaterThan(100)
    const got = await Promise.allSettled(
      taken.map(async (index) => Buffer.compare(await s3.get('bucket', `k${index}`), body(index))),
    )
    const read = got.filter((one) => one.status === 'fulfilled')
    expect(read.length).toBeGreaterThan(taken.length / 2)
    expect(read.every(({ value }) => value === 0)).toBe(true)
    // One after the other there is room for each.
    for (const index of taken) expect((await s3.get('bucket', `k${index}`)).byteLength).toBe(100_000)
    expect(store.logged).toEqual([])
  }, 60_000)
})
