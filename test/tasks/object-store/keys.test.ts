import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdir } from 'node:fs/promises'
import { connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import { type StoreProcess, scratch, sentenceOf, startStore } from './store-rig.ts'

let folder: Awaited<ReturnType<typeof scratch>>
let store: StoreProcess

beforeAll(async () => {
  folder = await scratch()
  store = await startStore(join(folder.path, 'data'))
  await store.s3.createBucket('bucket')
})
afterAll(async () => {
  await store[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

const nastyKeys = [
  '../../../../../../tmp/escape',
  'a/../../../escape',
  '..',
  '.',
  './a',
  '/leading',
  '//two',
  'trailing/',
  'a//b',
  'C:\\windows\\system32',
  '%2e%2e/%2F',
  'catalog.sqlite',
  'name with spaces + plus & and ? # =',
  'ünï/çø∂é/日本/🎉.jpg',
  'tab\tand\nnewline',
  'quotes \' " <tag> &amp;',
  'x'.repeat(1024),
  'é'.repeat(512),
]

describe('a key is any name and never a path', () => {
  for (const key of nastyKeys) {
    test(JSON.stringify(key.length > 60 ? `${key.slice(0, 20)}… (${Buffer.byteLength(key)} bytes)` : key), async () => {
      expect(await store.s3.putNew('bucket', key, `body of ${key}`)).toBe(true)
      expect((await store.s3.head('bucket', key))?.size).toBe(Buffer.byteLength(`body of ${key}`))
      expect((await store.s3.list('bucket', key)).map((object) => object.key)).toContain(key)
    })
  }

  test('all of them are there, each with its own body, and no file lies outside the folder', async () => {
    const control = await store.s3.control()
    const { GetObjectCommand } = await import('@aws-sdk/client-s3')
    const listed = await store.s3.list('bucket', '')
    expect(new Set(listed.map(({ key }) => key))).toEqual(new Set(nastyKeys))
    for (const key of nastyKeys) {
      const { Body } = await control.send(new GetObjectCommand({ Bucket: 'bucket', Key: key }))
      expect(await Body?.transformToString()).toBe(`body of ${key}`)
    }
    expect(await readdir(folder.path)).toEqual(['data'])
    expect((await readdir(join(folder.path, 'data'))).filter((name) => !name.startsWith('catalog.sqlite'))).toEqual([
      'content',
      'requests.jsonl',
    ])
    expect(
      (await readdir(join(folder.path, 'data', 'content'))).every((name) => /^[0-9a-z]+-[0-9a-z]+$/.test(name)),
    ).toBe(true)
  })

  const refused = [
    ['a key of 1025 bytes', 'x'.repeat(1025), 'KeyTooLongError'],
    ['a key of 513 two-byte letters', 'é'.repeat(513), 'KeyTooLongError'],
    ['a key with NUL', 'a\0b', 'InvalidURI'],
  ] as const
  for (const [what, key, code] of refused) {
    test(`${what} is refused`, async () => {
      expect(await sentenceOf(store.s3.putNew('bucket', key, 'body'))).toContain(code)
    })
  }
})

describe('a bucket is never a path', () => {
  for (const bucket of ['..', '../data', 'a/b', '.hidden', 'content/..']) {
    test(`${bucket} cannot be created`, async () => {
      await sentenceOf(store.s3.createBucket(bucket))
      const { Buckets } = await (await store.s3.control()).send(
        new (await import('@aws-sdk/client-s3')).ListBucketsCommand({}),
      )
      expect(Buckets?.map(({ Name }) => Name)).toEqual(['bucket'])
    })
  }
})

test('it listens on loopback and nowhere else', async () => {
  const { networkInterfaces } = await import('node:os')
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
  const port = Number(new URL(store.s3.endpoint.url).port)
  for (const { address } of addresses) {
    const outcome = await new Promise((resolve) => {
      const socket = connectSocket({ host: address, port, timeout: 1000 })
      socket.once('connect', () => resolve('connected')).once('error', () => resolve('refused'))
      socket.once('timeout', () => resolve('refused'))
    })
    expect(outcome).toBe('refused')
  }
})
