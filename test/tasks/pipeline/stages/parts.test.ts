import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import fc from 'fast-check'
import { budget, forEachBounded, limiter } from '../../../../tasks/pipeline/stage/bounded.ts'
import { localName, openLocalDisk } from '../../../../tasks/pipeline/stage/local-disk.ts'

describe('bounded work', () => {
  test('is all done, never more at once than the limit, whatever ends first', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 6 }),
        async (turns, limit) => {
          const limited = limiter(limit)
          for (const run of ['limiter', 'each'] as const) {
            let now = 0
            let most = 0
            const done: number[] = []
            const work = async (at: number) => {
              now += 1
              most = Math.max(most, now)
              for (let turn = turns[at] ?? 0; turn > 0; turn--) await Promise.resolve()
              now -= 1
              done.push(at)
            }
            if (run === 'each') await forEachBounded(turns.keys(), limit, work)
            else await Promise.all(turns.map((_, at) => limited(() => work(at))))
            expect(done.sort((a, b) => a - b)).toEqual([...turns.keys()])
            expect(most).toBe(Math.min(limit, turns.length))
          }
        },
      ),
      { numRuns: 50 },
    )
  })

  test('of some weight begins in its order, fits the budget together or goes alone, and is all done', async () => {
    const weight = fc.integer({ min: 0, max: 12 })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(weight, fc.nat(5), fc.boolean()), { maxLength: 30 }), async (works) => {
        const limited = budget(10)
        const running: number[] = []
        const begun: number[] = []
        const ends = works.map(([weight, turns, fails], at) =>
          limited(weight, async () => {
            begun.push(at)
            running.push(weight)
            const sum = running.reduce((sum, one) => sum + one, 0)
            expect(sum <= 10 || running.filter((one) => one > 0).length === 1).toBe(true)
            for (let turn = turns; turn > 0; turn--) await Promise.resolve()
            running.splice(running.indexOf(weight), 1)
            if (fails) throw new Error('bad')
          }),
        )
        const settled = await Promise.allSettled(ends)
        expect(settled.map(({ status }) => status === 'rejected')).toEqual(works.map(([, , fails]) => fails))
        expect(begun).toEqual([...works.keys()])
      }),
    )
  })

  test('begins nothing after a rejection, waits for what is under way, and throws it', async () => {
    const begun: number[] = []
    const ended: number[] = []
    const run = forEachBounded([0, 1, 2, 3, 4, 5].values(), 2, async (n) => {
      begun.push(n)
      if (n === 1) throw new Error('one is bad')
      for (let turn = 0; turn < 20; turn++) await Promise.resolve()
      ended.push(n)
    })
    await expect(run).rejects.toThrow('one is bad')
    expect([begun, ended]).toEqual([[0, 1], [0]])
  })

  test('a limiter’s slot comes free after a rejection', async () => {
    const one = limiter(1)
    const bad = one(() => Promise.reject(new Error('bad')))
    const good = one(async () => 'good')
    await expect(bad).rejects.toThrow('bad')
    expect(await good).toBe('good')
  })
})

describe('local disk', () => {
  let root = ''
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'assay-disk-'))
  })
  afterEach(() => rm(root, { recursive: true }))
  const bytes = new Uint8Array(1000)

  test('names files within its folder, differently for different keys, whatever a key holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), fc.string({ unit: 'binary', minLength: 1 }), (a, b) => {
        const name = localName(a)
        expect(basename(name)).toBe(name)
        expect(Buffer.byteLength(name)).toBeLessThan(200)
        expect(name).not.toMatch(/\p{Cc}/u)
        expect(localName(b) === name).toBe(a === b)
      }),
    )
    expect(localName('../../etc/passwd')).toMatch(/^[0-9a-f]{12}-passwd$/)
  })

  test('keeps released files up to half of what it counts on, the newest', async () => {
    const disk = await openLocalDisk(root, 0.000_006, 'mine')
    const paths: string[] = []
    for (const key of ['a', 'b', 'c', 'd', 'e']) {
      const path = await disk.write('output', key, bytes)
      paths.push(basename(path))
      await disk.release(path, bytes.length)
    }
    expect((await readdir(join(root, 'output'))).sort()).toEqual(paths.slice(2).sort())
    expect(await readdir(join(root, 'work'))).toEqual([])
  })

  test('clears its own files and nobody else’s', async () => {
    const disk = await openLocalDisk(root, 0, 'mine')
    const other = await openLocalDisk(root, 0, 'other')
    await disk.write('input', 'a', bytes)
    await Bun.write(join(root, 'work', 'mine-1-1.part'), 'left by a kill')
    const theirs = await other.write('input', 'a', bytes)
    await disk.clear()
    expect(await readdir(dirname(theirs))).toEqual([basename(theirs)])
    expect(await readdir(join(root, 'work'))).toEqual([])
  })
})
