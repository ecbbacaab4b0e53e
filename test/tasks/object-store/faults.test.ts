import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import fc from 'fast-check'
import { type FaultKind, type Faults, faultKinds, faultsText, parseFaults } from '../../../tasks/object-store/faults.ts'
import { faultCounts, putEvents } from '../../../tasks/object-store/put-events.ts'
import type { S3Request } from '../../../tasks/object-store/server/exchange.ts'
import { openFaults } from '../../../tasks/object-store/server/faults.ts'
import { startFaulty } from './faulty-store.ts'
import { scratch } from './store-rig.ts'

/** Every request goes wrong the first time it is made. */
const once = (kind: FaultKind): Faults => ({ rate: 1, kinds: [kind], seed: 1, first: 1 })

describe('what goes wrong is told in a line', () => {
  test.each([
    ['rate=0.1', { rate: 0.1, kinds: [...faultKinds], seed: 1 }],
    ['rate=1,first=2', { rate: 1, kinds: [...faultKinds], seed: 1, first: 2 }],
    ['rate=.5, kinds = reset + 503 SlowDown, seed=7', { rate: 0.5, kinds: ['reset', '503 SlowDown'], seed: 7 }],
  ] as const)('%s', (text, faults) => {
    expect(parseFaults(text, 'faults')).toEqual({ ...faults, kinds: [...faults.kinds] })
  })

  test.each(
    ['', 'rate', 'rate=0', 'rate=1.1', 'rate=-1', 'rate=1e-1', 'rate=NaN', 'seed=1', 'rate=1,rate=1', 'rate=1,'].concat(
      ['rate=1,kinds=', 'rate=1,kinds=fire', 'rate=1,seed=x', 'rate=1,first=0', 'rate=1,colour=red', 'rate=1=1'],
    ),
  )("'%s' is refused in one sentence", (text) => {
    expect(() => parseFaults(text, 'ASSAY_FAULTS')).toThrow(
      /^Cannot make the object store misbehave as 'ASSAY_FAULTS' must be a list like [^\n]*: current value is /,
    )
  })

  test('and read back as it was', () => {
    const faults = fc.record({
      rate: fc.integer({ min: 1, max: 1000 }).map((thousandths) => thousandths / 1000),
      kinds: fc.uniqueArray(fc.constantFrom(...faultKinds), { minLength: 1 }),
      seed: fc.nat(),
    })
    fc.assert(fc.property(faults, (one) => expect(parseFaults(faultsText(one), 'faults')).toEqual(one)))
  })
})

describe('which requests it is', () => {
  const request = (path: string): S3Request => ({
    method: 'GET',
    path,
    query: {},
    headers: {},
    read: async () => {},
    arrived: 0,
  })
  async function kindsMet(paths: readonly string[], seed: number, rate = 0.1): Promise<Record<string, string[]>> {
    await using folder = await scratch()
    const source = openFaults({ rate, kinds: faultKinds, seed }, join(folder.path, 'faults.jsonl'))
    const met: Record<string, string[]> = {}
    for (const path of paths) {
      const kinds = met[path] ?? []
      met[path] = kinds
      kinds.push(source.next(request(path))?.kind ?? 'none')
    }
    source.close()
    return met
  }
  const paths = Array.from({ length: 4000 }, (_, index) => `/bucket/${index % 1000}`)

  test('depends on the seed and the request, in whatever order requests come', async () => {
    const met = await kindsMet(paths, 7)
    expect(await kindsMet([...paths].reverse(), 7)).toEqual(met)
    expect(await kindsMet(paths, 8)).not.toEqual(met)
  })

  test('is the share that was asked for, of every kind that fits', async () => {
    const kinds = Object.values(await kindsMet(paths, 7)).flat()
    const hit = kinds.filter((kind) => kind !== 'none')
    // Of 4000 at a tenth, six standard deviations to either side.
    expect(Math.abs(hit.length - 400)).toBeLessThan(115)
    expect(new Set(hit)).toEqual(new Set(faultKinds.filter((kind) => kind !== '500 after commit')))
  })
})

describe.each(faultKinds.map((kind) => [kind]))('%s', (kind) => {
  test('is met by our client with a repeated request and the right answer', async () => {
    // Slowness alone repeats nothing, and is waited for.
    await using store = await startFaulty(kind === 'slow' ? { ...once(kind), rate: 0.2 } : once(kind))
    const { s3 } = store
    const big = crypto.getRandomValues(new Uint8Array(65_536))
    const large = Buffer.alloc(5 << 20, big)
    for (const key of ['a', 'b c/ö', '../up']) {
      await s3.put('bucket', key, `body of ${key}`)
      expect(Buffer.from(await s3.get('bucket', key)).toString()).toBe(`body of ${key}`)
      expect((await s3.head('bucket', key))?.size).toBe(Buffer.byteLength(`body of ${key}`))
    }
    await s3.put('bucket', 'large', large)
    expect(Buffer.compare(await s3.get('bucket', 'large'), large)).toBe(0)
    expect(await s3.putNew('bucket', 'new', 'first')).toBe(true)
    expect(await s3.putNew('bucket', 'new', 'second')).toBe(false)
    expect(Buffer.from(await s3.get('bucket', 'new')).toString()).toBe('first')
    await s3.remove('bucket', ['a', 'nothing'])
    expect(await s3.head('bucket', 'a')).toBeUndefined()
    expect((await s3.list('bucket', '')).map(({ key }) => key)).toEqual(['../up', 'b c/ö', 'large', 'new'])
    expect(await s3.hasBucket('bucket')).toBe(true)

    const counts = await faultCounts(store.folder)
    expect([...counts.keys()]).toEqual([kind])
    if (kind === 'slow') expect(store.repeated).toEqual([])
    else expect(store.repeated).not.toEqual([])
    // A lost answer may mean a second put; of what was written on the condition that it is new there is one.
    expect((await putEvents(store.folder)).filter(({ key }) => key === 'new')).toHaveLength(1)
  }, 60_000)

  // What makes the test above worth something: the fault is there to be seen.
  test('misleads a client that neither repeats nor verifies', async () => {
    if (kind === 'slow') return
    await using store = await startFaulty(once(kind))
    const { naive } = store
    const body = 'the bytes '.repeat(1000)
    const writes = async () => void (await naive.write('key', body))
    const reads = async () => expect(await naive.file('key').text()).toBe(body)
    const misled = kind === 'truncate' || kind === 'corrupt' ? reads : writes
    if (misled === reads) await writes()
    expect(
      await misled().then(
        () => 'nothing',
        () => 'misled',
      ),
    ).toBe('misled')
    // What was committed all the same is there.
    if (kind === '500 after commit') expect((await store.s3.head('bucket', 'key'))?.size).toBe(body.length)
  })
})

describe('any puts, gets, lists and deletes through a store that fails more often than not', () => {
  const key = fc.constantFrom('a', 'b/c', 'ü ?', './d')
  const act = fc.record({
    what: fc.constantFrom('put', 'putNew', 'get', 'list', 'remove'),
    key,
    body: fc.string({ maxLength: 20 }),
  })

  test('are those of a map', async () => {
    const seed = fc.integer({ min: 0, max: 1_000_000 })
    await fc.assert(
      fc.asyncProperty(seed, fc.array(act, { maxLength: 10 }), async (seed, acts) => {
        const kinds = faultKinds.filter((kind) => kind !== 'slow')
        await using store = await startFaulty({ rate: 0.6, kinds, seed, first: 4 })
        const { s3 } = store
        const model = new Map<string, string>()
        for (const { what, key, body } of acts) {
          const there = model.get(key)
          if (what === 'put') {
            await s3.put('bucket', key, body)
            model.set(key, body)
          } else if (what === 'putNew') {
            expect(await s3.putNew('bucket', key, body)).toBe(there === undefined || there === body)
            model.set(key, there ?? body)
          } else if (what === 'remove') {
            await s3.remove('bucket', [key])
            model.delete(key)
          } else if (what === 'list') {
            expect((await s3.list('bucket', '')).map(({ key }) => key).sort()).toEqual([...model.keys()].sort())
          } else {
            const found = await s3.head('bucket', key).then((info) => info && s3.get('bucket', key))
            expect(found && Buffer.from(found).toString()).toBe(there)
          }
        }
      }),
      { numRuns: 15 },
    )
  }, 60_000)
})
