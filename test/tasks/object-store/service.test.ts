import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunningService } from '../../../lib/plan/service.ts'
import { endpointVariables } from '../../../tasks/object-store/endpoint.ts'
import { type ObjectStore, objectStore } from '../../../tasks/object-store/service.ts'
import { type StoreProcess, scratch, sentenceOf, serviceContext, startStore } from './store-rig.ts'

const service = objectStore({ buckets: ['raw', 'manifests'] })

async function readied(running: RunningService<ObjectStore>): Promise<RunningService<ObjectStore>> {
  const deadline = performance.now() + 20_000
  for (;;) {
    try {
      await running.ready(AbortSignal.timeout(20_000))
      return running
    } catch (error) {
      if (performance.now() > deadline) throw error
      await Bun.sleep(20)
    }
  }
}

describe('without S3_ENDPOINT and rustfs the embedded store is started', () => {
  test('with its buckets, its own prefix, and all that a stage needs to know', async () => {
    await using folder = await scratch()
    const running = await readied(await service.start(serviceContext(folder.path, {})))
    const { client } = running
    try {
      const { url } = client.s3.endpoint
      expect(client.kind).toBe('embedded')
      expect(running.detail).toBe(`embedded, ${new URL(url).host}`)
      expect(new URL(url).hostname).toBe('127.0.0.1')
      expect(client.prefix).toBe('assay/plan-1/run-1/')
      expect(client.environment).toMatchObject({
        S3_ENDPOINT: url,
        RAW_BUCKET: 'raw',
        MANIFEST_STORE_BUCKET: 'manifests',
      })
      expect(await client.s3.hasBucket('raw')).toBe(true)
      expect(await client.s3.hasBucket('augmented')).toBe(false)
      await client.s3.put('raw', `${client.prefix}a`, 'body')
      expect((await client.putEvents?.())?.map(({ key }) => key)).toEqual(['assay/plan-1/run-1/a'])
    } finally {
      await running.stop(3000)
    }
    expect(await sentenceOf(client.s3.list('raw', ''))).toContain('connection refused')
  })

  test('with the buckets that the variables name', async () => {
    await using folder = await scratch()
    const running = await readied(await service.start(serviceContext(folder.path, { RAW_BUCKET: 'mine' })))
    try {
      expect(running.client.bucket('raw')).toBe('mine')
      expect(await running.client.s3.hasBucket('mine')).toBe(true)
    } finally {
      await running.stop(3000)
    }
  })

  test('again over the same data when the run is resumed, with other keys', async () => {
    await using folder = await scratch()
    const first = await readied(await service.start(serviceContext(folder.path, {})))
    await first.client.s3.put('raw', 'a', 'body')
    await first.stop(3000)
    const second = await readied(await service.start(serviceContext(folder.path, {})))
    try {
      expect(await second.client.s3.list('raw', '')).toHaveLength(1)
      expect(second.client.s3.endpoint.secretAccessKey).not.toBe(first.client.s3.endpoint.secretAccessKey)
    } finally {
      await second.stop(3000)
    }
  })

  test('and a data folder that cannot be used is one sentence', async () => {
    await using folder = await scratch()
    await Bun.write(join(folder.path, 'data', 'content'), 'a file where a folder should be')
    const sentence = await sentenceOf(service.start(serviceContext(folder.path, {})))
    expect(sentence).toStartWith('Problem: Cannot start the embedded object store')
    expect(sentence).toContain("'dir' must be a folder that can be written")
  })
})

describe('rustfs on PATH', () => {
  /** A stand-in that answers as rustfs does when it gets the flags and variables that rustfs wants, by way of our own store. */
  async function fakeRustfs(folder: string, body: string): Promise<string> {
    const bin = join(folder, 'bin')
    await mkdir(bin, { recursive: true })
    await Bun.write(join(bin, 'rustfs'), `#!/bin/sh\n${body}\n`)
    await chmod(join(bin, 'rustfs'), 0o755)
    return `${bin}:/usr/bin:/bin`
  }
  const stand = join(import.meta.dir, 'rustfs-stand-in.ts')

  test('is preferred, started on loopback, and gone after stop', async () => {
    await using folder = await scratch()
    const PATH = await fakeRustfs(folder.path, `exec "${process.execPath}" "${stand}" "$@"`)
    const running = await readied(await service.start(serviceContext(folder.path, { PATH })))
    const { client } = running
    expect(client.kind).toBe('rustfs')
    expect(running.detail).toStartWith('rustfs, 127.0.0.1:')
    await client.s3.put(client.bucket('raw'), 'a', 'body')
    expect(client.putEvents).toBeUndefined()
    await running.stop(3000)
    expect(await sentenceOf(client.s3.list('raw', ''))).toContain('connection refused')
  })

  test('that ends at once is told with its last words', async () => {
    await using folder = await scratch()
    const PATH = await fakeRustfs(folder.path, 'echo "no space left" >&2; exit 3')
    const running = await service.start(serviceContext(folder.path, { PATH }))
    let said = ''
    const deadline = performance.now() + 10_000
    while (!said.includes('it ended with 3') && performance.now() < deadline) {
      said = await sentenceOf(running.ready(AbortSignal.timeout(1000)))
    }
    expect(said).toContain('it ended with 3 (no space left)')
    await running.stop(3000)
  })
})

describe('with S3_ENDPOINT', () => {
  let store: StoreProcess
  let folder: Awaited<ReturnType<typeof scratch>>
  beforeAll(async () => {
    folder = await scratch()
    store = await startStore(folder.path)
  })
  afterAll(async () => {
    await store[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  })

  const variables = (more: Record<string, string> = {}) => ({ ...endpointVariables(store.s3.endpoint), ...more })
  /** The same store under an address that is not loopback's. */
  const elsewhere = (more: Record<string, string> = {}) =>
    variables({ S3_ENDPOINT: store.s3.endpoint.url.replace('127.0.0.1', '0.0.0.0'), ...more })

  test('on loopback buckets are created without asking', async () => {
    await using own = await scratch()
    const context = serviceContext(own.path, variables({ RAW_BUCKET: 'loop-raw' }), 'loop')
    const { client, detail, ready, stop } = await service.start(context)
    await ready(AbortSignal.timeout(1000))
    expect(client.kind).toBe('endpoint')
    expect(detail).toBe(new URL(store.s3.endpoint.url).host)
    expect(await store.s3.hasBucket('loop-raw')).toBe(true)
    expect(context.announced).toEqual([])
    await stop(3000)
  })

  test('elsewhere a missing bucket is a Problem that says how to allow it, and nothing is created', async () => {
    await using own = await scratch()
    const context = serviceContext(own.path, elsewhere({ RAW_BUCKET: 'their-raw' }))
    const sentence = await sentenceOf(service.start(context))
    expect(sentence).toContain("as 'RAW_BUCKET' must be a bucket that exists: current value is their-raw")
    expect(sentence).toContain('--create-buckets')
    expect(await store.s3.hasBucket('their-raw')).toBe(false)
    expect(context.announced).toEqual([])
  })

  test('elsewhere it is announced where is written before anything is', async () => {
    await using own = await scratch()
    const env = elsewhere({
      RAW_BUCKET: 'told-raw',
      MANIFEST_STORE_BUCKET: 'told-manifests',
      ASSAY_CREATE_BUCKETS: 'yes',
    })
    const context = serviceContext(own.path, env, 'told')
    const existed: Promise<boolean>[] = []
    const told = objectStore({
      buckets: ['raw', 'manifests'],
      beside: (prefix) => [`manifests/of ${prefix}`],
      about: async () => ({ objects: 12, bytes: 3_400_000 }),
    })
    await told.start({
      ...context,
      announce(sentence) {
        existed.push(store.s3.hasBucket('told-raw'))
        context.announce(sentence)
      },
    })
    expect(context.announced).toEqual([
      `Writes about 12 objects, 4 MB, to ${env.S3_ENDPOINT}, buckets told-raw, told-manifests (told-raw, told-manifests to be created), only below assay/plan-1/told/, manifests/of assay/plan-1/told/`,
    ])
    expect(await store.s3.hasBucket('told-raw')).toBe(true)
  })

  test('a prefix that is not empty is refused, unless this run claimed it', async () => {
    await using own = await scratch()
    await using other = await scratch()
    const env = variables({ RAW_BUCKET: 'claim-raw' })
    const first = await service.start(serviceContext(own.path, env, 'claimed'))
    await first.client.s3.put('claim-raw', `${first.client.prefix}a`, 'body')
    // Resumed: the same folder.
    await service.start(serviceContext(own.path, env, 'claimed'))
    const sentence = await sentenceOf(service.start(serviceContext(other.path, env, 'claimed')))
    expect(sentence).toContain(
      "as 'claim-raw/assay/plan-1/claimed/' must be empty: current value is assay/plan-1/claimed/a",
    )
  })

  test('only what was written below the prefix is removed', async () => {
    await using own = await scratch()
    const context = serviceContext(own.path, variables({ RAW_BUCKET: 'kept-raw' }), 'removing')
    const { client, stop, discard } = await service.start(context)
    await client.s3.put('kept-raw', 'theirs', 'body')
    await client.s3.put('kept-raw', 'assay/plan-1/removing', 'theirs too')
    await client.s3.put('kept-raw', `${client.prefix}ours`, 'body')
    await client.s3.put('manifests', `${client.prefix}ours/too`, 'body')
    await stop(3000)
    await discard?.()
    expect((await store.s3.list('kept-raw', '')).map(({ key }) => key)).toEqual(['assay/plan-1/removing', 'theirs'])
    expect(await store.s3.list('manifests', client.prefix)).toEqual([])
    expect(await store.s3.hasBucket('kept-raw')).toBe(true)
  })

  test('the wrong secret is one sentence', async () => {
    await using own = await scratch()
    const context = serviceContext(own.path, variables({ AWS_SECRET_ACCESS_KEY: 'wrong' }))
    const sentence = await sentenceOf(service.start(context))
    expect(sentence).toContain('must be a server that accepts the keys')
    expect(sentence).toContain('SignatureDoesNotMatch')
  })
})

describe('an S3_ENDPOINT that is wrong is one sentence within seconds', () => {
  const keys = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' }

  test('a web site', async () => {
    await using folder = await scratch()
    const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('<html></html>') })
    const env = { ...keys, S3_ENDPOINT: `http://127.0.0.1:${server.port}` }
    expect(await sentenceOf(service.start(serviceContext(folder.path, env)))).toContain('must be an S3 server')
    await server.stop(true)
  })

  test('one that takes connections and never answers', async () => {
    await using folder = await scratch()
    const server = Bun.listen({ port: 0, hostname: '127.0.0.1', socket: { data() {} } })
    const env = { ...keys, S3_ENDPOINT: `http://127.0.0.1:${server.port}` }
    expect(await sentenceOf(service.start(serviceContext(folder.path, env)))).toContain(
      'must be a server that answers in time',
    )
    server.stop(true)
  }, 10_000)

  test('one without keys', async () => {
    await using folder = await scratch()
    const sentence = await sentenceOf(service.start(serviceContext(folder.path, { S3_ENDPOINT: 'http://127.0.0.1:1' })))
    expect(sentence).toContain("'AWS_ACCESS_KEY_ID' must be set when S3_ENDPOINT is")
  })
})
