import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { connect } from '../../../tasks/object-store/connect.ts'
import { claimPrefixes, removeBelow } from '../../../tasks/object-store/own-prefix.ts'
import { objectStore } from '../../../tasks/object-store/service.ts'
import { scratch, sentenceOf, serviceContext, startStore } from './store-rig.ts'

// A busy machine takes its time to start a program.
setDefaultTimeout(120_000)

const filesIn = (folder: string) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()

describe('the embedded store', () => {
  test('keeps whatever keys are called in its own folder, each for itself', async () => {
    await using folder = await scratch()
    const data = join(folder.path, 'a/store')
    await using store = await startStore(data)
    await store.s3.createBucket('keys')
    const nasty = [
      'a',
      'a/b',
      'a/',
      '../../x',
      '/etc/passwd',
      '..',
      '.',
      '//',
      'a/../../b',
      '~',
      `${'x'.repeat(600)}`,
      'content',
    ]
    const piece = fc.constantFrom(
      '..',
      '.',
      '/',
      '//',
      '\\',
      'a',
      '%2e',
      '%2F',
      '~',
      ':',
      ' ',
      'é',
      'x'.repeat(300),
      '\n',
      '-rf',
    )
    const keys = fc
      .sample(fc.array(piece, { minLength: 1, maxLength: 4 }), { numRuns: 60, seed: 5 })
      .map((parts) => parts.join(''))
    const all = [...new Set([...nasty, ...keys])].filter((key) => Buffer.byteLength(key) <= 1024)
    for (const key of all) await store.s3.put('keys', key, key)
    for (const key of all) expect(Buffer.from(await store.s3.get('keys', key)).toString()).toBe(key)
    expect((await store.s3.list('keys', '')).map(({ key }) => key).sort()).toEqual([...all].sort())
    expect(filesIn(folder.path).filter((name) => !name.startsWith('a/store') && name !== 'a')).toEqual([])
    expect(
      filesIn(data).filter(
        (name) => !/^(catalog\.sqlite(-\w+)?|requests\.jsonl|content(\/[0-9a-z]+-[0-9a-z]+)?)$/.test(name),
      ),
    ).toEqual([])
  })

  test.each(['..', '../x', 'a/b', 'A', 'a..b', '.hidden', 'x'.repeat(64)])(
    'makes no bucket called %j',
    async (name) => {
      await using folder = await scratch()
      await using store = await startStore(folder.path)
      expect(await sentenceOf(store.s3.createBucket(name))).toMatch(/^Problem: Cannot create bucket/)
      expect(filesIn(folder.path).filter((path) => path.startsWith('content/'))).toEqual([])
    },
  )

  test.each(['content', 'catalog.sqlite', 'requests.jsonl'])(
    'does not open a folder where %s is a link',
    async (name) => {
      await using folder = await scratch()
      const [data, theirs] = [join(folder.path, 'data'), join(folder.path, 'theirs')]
      for (const path of [data, theirs]) mkdirSync(path)
      writeFileSync(join(theirs, '1a2b-0'), 'theirs')
      symlinkSync(name === 'content' ? theirs : join(theirs, '1a2b-0'), join(data, name))
      expect(await sentenceOf(startStore(data))).toContain('must be reached without a symbolic link')
      expect(readFileSync(join(theirs, '1a2b-0'), 'utf8')).toBe('theirs')
    },
  )

  test('takes no folder of somebody else’s for its own, and sweeps only files of its own', async () => {
    await using folder = await scratch()
    mkdirSync(join(folder.path, 'content'))
    writeFileSync(join(folder.path, 'content/1a2b-0'), 'a post')
    expect(await sentenceOf(startStore(folder.path))).toContain("'dir' must be empty, or a store that was left there")
    rmSync(join(folder.path, 'content'), { recursive: true })
    {
      await using store = await startStore(folder.path)
      await store.s3.createBucket('kept')
    }
    for (const name of ['notes.md', '1a2b-0']) writeFileSync(join(folder.path, 'content', name), 'x')
    await using _again = await startStore(folder.path)
    await _again.s3.createBucket('more')
    expect(readdirSync(join(folder.path, 'content')).filter((name) => name !== 'notes.md')).not.toContain('1a2b-0')
    expect(readFileSync(join(folder.path, 'content/notes.md'), 'utf8')).toBe('x')
  })

  test('reads no link that was put in the place of an object’s bytes', async () => {
    await using folder = await scratch()
    const [data, theirs] = [join(folder.path, 'data'), join(folder.path, 'theirs')]
    const sizes = { small: 10, large: 12_000_000 }
    writeFileSync(theirs, 'theirs'.repeat(2_000_000))
    {
      await using store = await startStore(data)
      await store.s3.createBucket('objects')
      for (const [key, size] of Object.entries(sizes)) await store.s3.put('objects', key, 'x'.repeat(size))
    }
    const files = readdirSync(join(data, 'content'))
    expect(files).toHaveLength(2)
    for (const file of files) {
      rmSync(join(data, 'content', file))
      symlinkSync(theirs, join(data, 'content', file))
    }
    await using store = await startStore(data)
    // A client that believes what it gets, unlike ours.
    const { url: endpoint, ...keys } = store.s3.endpoint
    const s3 = new Bun.S3Client({ endpoint, bucket: 'objects', retry: 0, ...keys })
    for (const key of Object.keys(sizes)) {
      const got = await s3
        .file(key)
        .text()
        .then(
          (text) => text.slice(0, 100),
          () => 'refused',
        )
      expect(got).not.toContain('theirs')
    }
  })
})

describe('cleaning up', () => {
  test.each(['', '/', 'assay', 'assay/', '//', '/assay/x', 'a//'])('never begins at the prefix %j', async (prefix) => {
    await using folder = await scratch()
    await using store = await startStore(folder.path)
    await store.s3.createBucket('theirs')
    await store.s3.put('theirs', 'assay/kept', 'x')
    expect(await sentenceOf(removeBelow(store.s3, [prefix], ['theirs']))).toContain(
      "'prefix' must be at least two names deep",
    )
    expect(await store.s3.list('theirs', '')).toHaveLength(1)
    const wanted = { roles: ['raw'] as const, prefixes: [prefix], about: async () => undefined }
    const claimed = claimPrefixes(store.s3, wanted, serviceContext(folder.path, { RAW_BUCKET: 'theirs' }))
    expect(await sentenceOf(claimed)).toContain("'prefix' must be one with the run's id in it")
  })

  test('believes no server that lists more than was asked for', async () => {
    const asked: string[] = []
    using server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch(request) {
        asked.push(request.method)
        const page =
          '<Name>b</Name><IsTruncated>false</IsTruncated><Contents><Key>somebody/else</Key><Size>1</Size><ETag>"e"</ETag></Contents>'
        return new Response(`<?xml version="1.0"?><ListBucketResult>${page}</ListBucketResult>`, {
          headers: { 'content-type': 'application/xml' },
        })
      },
    })
    const keys = { region: 'us-east-1', accessKeyId: 'key', secretAccessKey: 'secret' }
    const s3 = connect({ url: `http://127.0.0.1:${server.port}`, ...keys })
    expect(await sentenceOf(removeBelow(s3, ['assay/plan/run/'], ['b']))).toContain(
      'lists keys that do not begin with that',
    )
    expect(asked.filter((method) => method !== 'GET')).toEqual([])
  })
})

test.each(['../raw', 'a/b', '..', 'a..b', ' ', 'x'])(
  'a bucket called %j in a variable is refused by its name',
  async (name) => {
    await using folder = await scratch()
    const context = serviceContext(folder.path, { RAW_BUCKET: name })
    const running = await objectStore({ buckets: ['raw'] })
      .start(context)
      .catch((error: unknown) => ({ error }))
    if (!('error' in running)) await running.stop(1000)
    expect('error' in running ? String(running.error) : 'it started').toContain("'RAW_BUCKET' must be a bucket name")
  },
)
