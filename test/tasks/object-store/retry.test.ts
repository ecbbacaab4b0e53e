import { afterAll, describe, expect, spyOn, test } from 'bun:test'
import { getEventListeners } from 'node:events'
import { Problem } from '../../../lib/plan/problem.ts'
import type { S3 } from '../../../tasks/object-store/client.ts'
import { connect } from '../../../tasks/object-store/connect.ts'
import { lingering, retrying } from '../../../tasks/object-store/retry.ts'
import { startFaulty } from './faulty-store.ts'
import { sentenceOf } from './store-rig.ts'
import { serving, speaking, stopWrongServers } from './wrong-servers.ts'

afterAll(stopWrongServers)
const keys = { region: 'us-east-1', accessKeyId: 'key', secretAccessKey: 'secret' }

const calls: Record<string, (s3: S3) => Promise<unknown>> = {
  put: (s3) => s3.put('bucket', 'key', 'body'),
  'put of what is new': (s3) => s3.putNew('bucket', 'key', 'body'),
  get: (s3) => s3.get('bucket', 'key'),
  head: (s3) => s3.head('bucket', 'key'),
  list: (s3) => s3.list('bucket', ''),
  remove: (s3) => s3.remove('bucket', ['key']),
  'look up a bucket': (s3) => s3.hasBucket('bucket'),
  'create a bucket': (s3) => s3.createBucket('bucket'),
}

function refusing(status: number, code: string, message = 'No') {
  let asked = 0
  const url = serving(() => {
    asked++
    return new Response(`<Error><Code>${code}</Code><Message>${message}</Message></Error>`, { status })
  })
  return { url, asked: () => asked }
}

describe('a refusal is an answer and is not asked for again', () => {
  for (const [status, code] of [
    [403, 'AccessDenied'],
    [403, 'SignatureDoesNotMatch'],
    [404, 'NoSuchBucket'],
    [400, 'InvalidRequest'],
    [507, 'InsufficientStorage'],
  ] as const)
    for (const [name, call] of Object.entries(calls))
      test(`${status} ${code}: ${name}`, async () => {
        const server = refusing(status, code)
        const repeated: string[] = []
        await call(connect({ url: server.url, ...keys }, { onRepeat: (action) => void repeated.push(action) })).catch(
          (error: unknown) => expect(error).toBeInstanceOf(Problem),
        )
        expect(repeated).toEqual([])
        // Of a bucket a listing is asked where the answer to a HEAD has no body.
        expect(server.asked()).toBe(name === 'look up a bucket' ? 2 : 1)
      })
})

describe('what passes is asked for eight times, and then told in one sentence', () => {
  for (const [status, code] of [
    [503, 'SlowDown'],
    [500, 'InternalError'],
    [429, 'TooManyRequests'],
    [400, 'RequestTimeout'],
  ] as const)
    test(`${status} ${code}`, async () => {
      const server = refusing(status, code)
      const repeated: string[] = []
      const s3 = connect({ url: server.url, ...keys }, { onRepeat: (action) => void repeated.push(action) })
      expect(await sentenceOf(s3.put('bucket', 'key', 'body'))).toMatch(
        `Problem: Cannot put 'bucket/key' as 'S3_ENDPOINT' must be a server that answers in the end: current value is ${server.url} (${status} ${code}, No, tried 8 times)`,
      )
      expect(server.asked()).toBe(8)
      expect(repeated).toEqual(Array(7).fill("put 'bucket/key'"))
    }, 20_000)

  test('a store that always sends other bytes than it was sent', async () => {
    await using store = await startFaulty({ rate: 1, kinds: ['corrupt'], seed: 1 })
    await store.s3.put('bucket', 'key', 'body')
    expect(await sentenceOf(store.s3.get('bucket', 'key'))).toMatch(
      /must be a server that gives and takes what it is sent: .*\(Damaged, other bytes than its \w+ says, tried 8 times\)/,
    )
  }, 20_000)

  test('a server whose clock is another one, which asking again does not mend', async () => {
    const skew = 'The difference between the request time and the current time is too large.'
    const server = refusing(403, 'RequestTimeTooSkewed', skew)
    for (const [name, call] of Object.entries(calls)) {
      const sentence = await sentenceOf(call(connect({ url: server.url, ...keys })))
      // Nothing is told in the answer to a HEAD.
      if (name === 'head') continue
      expect(sentence).toContain("'S3_ENDPOINT' must be a server whose clock agrees with the one here")
      expect(sentence).toContain("This machine's clock says 20")
    }
  })
})

describe('patience', () => {
  test('is not stretched by another attempt', async () => {
    const url = speaking(() => {})
    const began = performance.now()
    const s3 = connect({ url, ...keys }, { deadline: 200, patience: 500 })
    expect(await sentenceOf(s3.get('bucket', 'key'))).toContain('timed out')
    const took = performance.now() - began
    expect(took).toBeGreaterThan(390)
    expect(took).toBeLessThan(2000)
  })

  test('ends with a late answer where the next is in time', async () => {
    let asked = 0
    const url = serving(async () => {
      if (++asked < 3) await Bun.sleep(1000)
      return new Response('body', { headers: { etag: '"841a2d689ad86bd1611447453c22c6fc"' } })
    })
    const repeated: unknown[] = []
    const s3 = connect(
      { url, ...keys },
      { deadline: 150, patience: 20_000, onRepeat: (_, error) => void repeated.push(error) },
    )
    expect(Buffer.from(await s3.get('bucket', 'key')).toString()).toBe('body')
    expect(asked).toBe(3)
    expect(repeated.map(String)).toEqual(Array(2).fill('TimeoutError: no answer in time'))
  })
})

describe('a signal', () => {
  for (const [name, call] of Object.entries(calls))
    test(`ends a call under way: ${name}`, async () => {
      const heard = Promise.withResolvers<void>()
      const url = speaking(() => heard.resolve())
      const stop = new AbortController()
      const call1 = call(connect({ url, ...keys }, { signal: stop.signal }))
      await heard.promise
      const reason = new Error('told to')
      const began = performance.now()
      stop.abort(reason)
      expect(await call1.catch((error: unknown) => error)).toBe(reason)
      expect(performance.now() - began).toBeLessThan(1000)
    })

  test('ends the pause before the next attempt', async () => {
    // Each pause is as long as it may be: 0.8 s after the sixth attempt.
    using _ = spyOn(Math, 'random').mockReturnValue(0.999)
    const stop = new AbortController()
    const reason = new Error('told to')
    let asked = 0
    let told = 0
    const url = serving(() => {
      if (++asked === 6)
        setTimeout(() => {
          told = performance.now()
          stop.abort(reason)
        }, 20)
      return new Response('<Error><Code>SlowDown</Code></Error>', { status: 503 })
    })
    const call = connect({ url, ...keys }, { signal: stop.signal }).put('bucket', 'key', 'body')
    expect(await call.catch((error: unknown) => error)).toBe(reason)
    expect(performance.now() - told).toBeLessThan(500)
    expect(asked).toBe(6)
  })

  test('is left as it was by pauses that came to their end', async () => {
    const { signal } = new AbortController()
    const work = (attempt: number) => (attempt < 4 ? Promise.reject(new Error('passing')) : Promise.resolve(attempt))
    const options = { signal, patience: 60_000, isPassing: () => true, again: () => {} }
    expect(await retrying(work, options)).toBe(4)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('that has come lets nothing be asked any more', async () => {
    const server = refusing(503, 'SlowDown')
    const reason = new Error('told to')
    const s3 = connect({ url: server.url, ...keys }, { signal: AbortSignal.abort(reason) })
    for (const call of Object.values(calls)) expect(await call(s3).catch((error: unknown) => error)).toBe(reason)
    expect(server.asked()).toBe(0)
  })

  test('that lingers aborts later and for the same reason', async () => {
    const stop = new AbortController()
    const late = lingering(stop.signal, 50)
    const reason = new Error('told to')
    const aborted = new Promise<unknown>((resolve) => late.addEventListener('abort', () => resolve(late.reason)))
    const began = performance.now()
    stop.abort(reason)
    expect(late.aborted).toBe(false)
    expect(await aborted).toBe(reason)
    expect(performance.now() - began).toBeGreaterThan(45)
  })
})
