import { describe, expect, test } from 'bun:test'
import type { PutEvent, StageStore } from '../../../tasks/pipeline/black-box-start.ts'
import { uploadsOf } from '../../../tasks/pipeline/uploads.ts'

const output = { bucket: 'normalized', prefix: 'out/' }
const objects = [
  { key: 'out/a', size: 100 },
  { key: 'out/b', size: 50 },
]

/** Of a store only its account matters. */
function ask(events: readonly PutEvent[] | undefined, lines: readonly string[] = []) {
  const store: Pick<StageStore, 'putEvents'> = { putEvents: events && (async () => events) }
  return uploadsOf({ store, output, objects, lines, startedAt: 1000 })
}

const put = (key: string, bytes: number, arrived: number, visible: number, bucket = 'normalized') => {
  return { operation: 'PutObject', bucket, key, bytes, arrived, visible } as const
}

const line = (key: string, bytes: number, end: number, seconds: number | undefined) =>
  JSON.stringify({ time: new Date(end).toISOString(), uri: `s3://normalized/${key}`, bytes, seconds })

describe("by the store's account", () => {
  test.each([
    ['one after the other', [put('out/a', 100, 1000, 1100), put('out/b', 50, 1500, 1550)], 0.15],
    ['side by side', [put('out/a', 100, 1000, 1300), put('out/b', 50, 1100, 1200)], 0.3],
    ['overlapping', [put('out/b', 50, 1200, 1400), put('out/a', 100, 1000, 1300)], 0.4],
  ])('uploads %s take the time in which one is under way', async (_, events, seconds) => {
    expect(await ask(events)).toEqual({ kind: 'seen', by: 'store', bytes: 150, seconds: expect.closeTo(seconds, 9) })
  })

  test('what others wrote, what lies elsewhere and what was there before does not count', async () => {
    const own = [put('out/a', 100, 1000, 1100), put('out/b', 50, 1100, 1200)]
    const others = [put('in/a', 9, 1000, 9000), put('out/a', 9, 1000, 9000, 'raw'), put('out/a', 100, 900, 950)]
    expect(await ask([...others, ...own])).toEqual(await ask(own))
  })

  test('uploads that take no time are too short to be seen', async () => {
    expect(await ask([put('out/a', 100, 1000, 1000), put('out/b', 50, 1100, 1100)])).toEqual({
      kind: 'unseen',
      reason: "by the store's account they took no time at all",
    })
    const lines = [line('out/a', 100, 1500, 0), line('out/b', 50, 1600, 0)]
    expect(await ask(undefined, lines)).toEqual({ kind: 'unseen', reason: 'by the log they took no time at all' })
  })

  test('an object without an account of it leaves the time untold', async () => {
    expect(await ask([put('out/a', 100, 1000, 1100)])).toEqual({
      kind: 'unseen',
      reason: 'the store does not account for every object',
    })
  })

  test('of an upload in parts only its end is accounted for, which tells no time', async () => {
    const parts = { ...put('out/b', 50, 1100, 1101), operation: 'CompleteMultipartUpload' } as const
    expect(await ask([put('out/a', 100, 1000, 1100), parts])).toEqual({
      kind: 'unseen',
      reason: 'it uploads in parts, of which the store keeps no account',
    })
  })
})

describe("by the stage's log, where the store keeps no account", () => {
  test('a line says when an upload ended and how long it took', async () => {
    const lines = [line('out/a', 100, 1500, 0.5), 'some words', '{"no": "json', line('out/b', 50, 1600, 0.2)]
    expect(await ask(undefined, lines)).toEqual({
      kind: 'seen',
      by: 'log',
      bytes: 150,
      seconds: expect.closeTo(0.6, 9),
    })
  })

  test.each([
    ['no seconds', [line('out/a', 100, 1500, 0.5), line('out/b', 50, 1600, undefined)]],
    ['other bytes', [line('out/a', 100, 1500, 0.5), line('out/b', 51, 1600, 0.1)]],
    ['one object fewer', [line('out/a', 100, 1500, 0.5)]],
    ['words', ['uploaded out/a', 'uploaded out/b']],
  ])('a log of %s leaves the time untold, and says what it would take', async (_, lines) => {
    expect(await ask(undefined, lines)).toEqual({
      kind: 'unseen',
      reason:
        'the store keeps no account, and its log does not say of every object how many bytes and seconds its upload took',
    })
  })
})
