import assert from 'node:assert/strict'
import { ListObjectsV2Command, type ListObjectsV2CommandInput } from '@aws-sdk/client-s3'
import { area, each, isError, isOk, md5, tag } from '../check.ts'
import type { Server } from '../server.ts'
import { byteOrder, listModel } from './listing-model.ts'

const tree = ['a.txt', 'b/1', 'b/2', 'b/c/3', 'd/4', 'e.txt']

export async function filled(server: Server, keys: readonly string[] = tree): Promise<string> {
  const bucket = await server.bucket()
  await Promise.all(keys.map((key) => server.put(bucket, key, `the bytes of ${key}`)))
  return bucket
}

const list = (server: Server, Bucket: string, input: Omit<ListObjectsV2CommandInput, 'Bucket'> = {}) =>
  server.sdk.send(new ListObjectsV2Command({ Bucket, ...input }))

type Answer = Awaited<ReturnType<typeof list>>
const keysOf = ({ Contents = [] }: Answer) => Contents.map(({ Key }) => Key)
const prefixesOf = ({ CommonPrefixes = [] }: Answer) => CommonPrefixes.map(({ Prefix }) => Prefix)

async function pages(
  server: Server,
  bucket: string,
  input: Omit<ListObjectsV2CommandInput, 'Bucket'>,
): Promise<Answer[]> {
  const found: Answer[] = []
  for (let token: string | undefined; found.length < 100; ) {
    const page = await list(server, bucket, { ...input, ...(token === undefined ? {} : { ContinuationToken: token }) })
    found.push(page)
    assert.equal(page.IsTruncated, page.NextContinuationToken !== undefined, 'truncated, but without a token')
    if (page.NextContinuationToken === undefined) return found
    token = page.NextContinuationToken
  }
  throw new Error('a hundred pages and no end')
}

export const listing = area('listing v2', {
  'an empty bucket lists nothing': async (server) => {
    const answer = await list(server, await server.bucket())
    assert.deepEqual([answer.KeyCount, answer.IsTruncated, answer.Contents], [0, false, undefined])
  },
  'every key is listed once, in order': async (server) => {
    const answer = await list(server, await filled(server))
    assert.deepEqual(keysOf(answer), tree)
    assert.equal(answer.KeyCount, 6)
    assert.equal(answer.IsTruncated, false)
  },
  'an entry carries size, ETag, time and storage class': async (server) => {
    const answer = await list(server, await filled(server, ['a']))
    const [entry] = answer.Contents ?? []
    assert.equal(entry?.Size, 'the bytes of a'.length)
    assert.equal(entry?.ETag, `"${md5('the bytes of a')}"`)
    assert.ok(entry?.LastModified instanceof Date)
    assert.equal(entry?.StorageClass, 'STANDARD')
  },
  'a prefix selects': async (server) => {
    const bucket = await filled(server)
    assert.deepEqual(keysOf(await list(server, bucket, { Prefix: 'b/' })), ['b/1', 'b/2', 'b/c/3'])
    assert.deepEqual(keysOf(await list(server, bucket, { Prefix: 'b/c' })), ['b/c/3'])
    assert.deepEqual(keysOf(await list(server, bucket, { Prefix: 'nothing' })), [])
  },
  'a delimiter folds into common prefixes': async (server) => {
    const answer = await list(server, await filled(server), { Delimiter: '/' })
    assert.deepEqual(keysOf(answer), ['a.txt', 'e.txt'])
    assert.deepEqual(prefixesOf(answer), ['b/', 'd/'])
    assert.equal(answer.KeyCount, 4)
  },
  'prefix and delimiter list one level': async (server) => {
    const answer = await list(server, await filled(server), { Prefix: 'b/', Delimiter: '/' })
    assert.deepEqual(keysOf(answer), ['b/1', 'b/2'])
    assert.deepEqual(prefixesOf(answer), ['b/c/'])
  },
  'a key that is the prefix itself is a key': async (server) => {
    const bucket = await filled(server, ['b/1'])
    await server.put(bucket, 'b/', '')
    const answer = await list(server, bucket, { Prefix: 'b/', Delimiter: '/' })
    assert.deepEqual(keysOf(answer), ['b/', 'b/1'])
    assert.deepEqual(prefixesOf(answer), [])
  },
  'a delimiter need not be a slash': async (server) => {
    const answer = await list(server, await filled(server, ['a-b-c', 'a-d', 'e']), { Delimiter: '-' })
    assert.deepEqual(keysOf(answer), ['e'])
    assert.deepEqual(prefixesOf(answer), ['a-'])
  },
  'a delimiter may have several characters': async (server) => {
    const answer = await list(server, await filled(server, ['a-=b', 'a-c', 'd']), { Delimiter: '-=' })
    assert.deepEqual(keysOf(answer), ['a-c', 'd'])
    assert.deepEqual(prefixesOf(answer), ['a-='])
  },
  'pages give every key once, in order': async (server) => {
    const keys = Array.from({ length: 25 }, (_, i) => `k${String(i).padStart(2, '0')}`)
    const found = await pages(server, await filled(server, keys), { MaxKeys: 7 })
    assert.deepEqual(found.flatMap(keysOf), keys)
    assert.deepEqual(
      found.map((page) => page.KeyCount),
      [7, 7, 7, 4],
    )
  },
  'a last page that is full is not truncated': async (server) => {
    const found = await pages(server, await filled(server), { MaxKeys: 3 })
    assert.deepEqual(
      found.map((page) => keysOf(page).length),
      [3, 3],
    )
  },
  'pages give every common prefix once': async (server) => {
    const keys = ['a/1', 'a/2', 'a/3', 'b/1', 'b/2', 'c', 'd/1']
    const found = await pages(server, await filled(server, keys), { Delimiter: '/', MaxKeys: 1 })
    assert.deepEqual(found.flatMap(prefixesOf), ['a/', 'b/', 'd/'])
    assert.deepEqual(found.flatMap(keysOf), ['c'])
  },
  'max-keys counts common prefixes': async (server) => {
    const answer = await list(server, await filled(server), { Delimiter: '/', MaxKeys: 2 })
    assert.deepEqual([...keysOf(answer), ...prefixesOf(answer)], ['a.txt', 'b/'])
    assert.deepEqual([answer.IsTruncated, answer.KeyCount, answer.MaxKeys], [true, 2, 2])
  },
  'max-keys 0 answers nothing and no further page': async (server) => {
    const answer = await list(server, await filled(server), { MaxKeys: 0 })
    assert.deepEqual([keysOf(answer), answer.KeyCount, answer.IsTruncated], [[], 0, false])
  },
  'max-keys beyond 1000 is 1000': async (server) => {
    assert.equal((await list(server, await filled(server), { MaxKeys: 5000 })).MaxKeys, 1000)
  },
  ...each(
    { 'max-keys -1 is InvalidArgument': '-1', 'max-keys that is no number is InvalidArgument': 'many' },
    async (server, size) =>
      isError(
        await server.request({ bucket: await server.bucket(), query: { 'list-type': '2', 'max-keys': size } }),
        400,
        'InvalidArgument',
      ),
  ),
  'start-after leaves its own key out': async (server) => {
    const bucket = await filled(server)
    assert.deepEqual(keysOf(await list(server, bucket, { StartAfter: 'b/2' })), ['b/c/3', 'd/4', 'e.txt'])
    assert.deepEqual(keysOf(await list(server, bucket, { StartAfter: 'c' })), ['d/4', 'e.txt'])
    assert.deepEqual(keysOf(await list(server, bucket, { StartAfter: 'z' })), [])
  },
  'start-after inside a prefix': async (server) => {
    const bucket = await filled(server)
    assert.deepEqual(keysOf(await list(server, bucket, { Prefix: 'b/', StartAfter: 'b/1' })), ['b/2', 'b/c/3'])
    assert.deepEqual(keysOf(await list(server, bucket, { Prefix: 'b/', StartAfter: 'a' })), ['b/1', 'b/2', 'b/c/3'])
  },
  'fetch-owner decides whether owners are named': async (server) => {
    const bucket = await filled(server, ['a'])
    assert.equal((await list(server, bucket)).Contents?.[0]?.Owner, undefined)
    assert.ok((await list(server, bucket, { FetchOwner: true })).Contents?.[0]?.Owner?.ID)
  },
  'what was asked for is echoed': async (server) => {
    const bucket = await filled(server)
    const asked = { Prefix: 'b', Delimiter: '/', MaxKeys: 9, StartAfter: 'a' }
    const { Name, Prefix, Delimiter, MaxKeys, StartAfter } = await list(server, bucket, asked)
    assert.deepEqual({ Name, Prefix, Delimiter, MaxKeys, StartAfter }, { Name: bucket, ...asked })
  },
  'encoding-type url encodes keys, prefixes and what is echoed': async (server) => {
    const bucket = await filled(server, ['b c/d&e.txt', 'b c/ü/1'])
    const query = { 'list-type': '2', 'encoding-type': 'url', prefix: 'b c/', delimiter: '/' }
    const answer = isOk(await server.request({ bucket, query }))
    assert.equal(tag(answer, 'EncodingType'), 'url')
    const decoded = (text: string | undefined) => decodeURIComponent((text ?? '').replaceAll('+', ' '))
    assert.ok(!tag(answer, 'Key')?.includes('&'))
    assert.equal(decoded(tag(answer, 'Key')), 'b c/d&e.txt')
    assert.match(answer.text, /<CommonPrefixes><Prefix>b(%20|\+)c(%2F|\/)%C3%BC(%2F|\/)<\/Prefix>/)
  },
  'keys are listed as they are, whatever XML makes of them': async (server) => {
    const keys = ['a&amp;b', 'a<b>"c"\'d\'', 'a]]>b', 'plus+and space']
    assert.deepEqual(keysOf(await list(server, await filled(server, keys))), keys)
  },
  'keys are ordered by their UTF-8 bytes': async (server) => {
    // U+FF5E sorts after the emoji in UTF-16 and before it in UTF-8.
    const keys = ['Z', 'a', 'zebra', 'é', '日本', '\uff5e', '😀']
    assert.deepEqual(keysOf(await list(server, await filled(server, keys.toReversed()))), keys)
  },
  'a token outweighs start-after': async (server) => {
    const bucket = await filled(server)
    const first = await list(server, bucket, { MaxKeys: 2 })
    const next = await list(server, bucket, {
      MaxKeys: 2,
      StartAfter: 'e.txt',
      ...(first.NextContinuationToken === undefined ? {} : { ContinuationToken: first.NextContinuationToken }),
    })
    assert.deepEqual(keysOf(next), ['b/2', 'b/c/3'])
  },
  'prefixes, delimiters and pages agree with a model': async (server) => {
    const keys = ['a-b', 'a.b', 'a/b', 'a/c/d', 'a/c/e', 'aa/b', 'b/c', 'c', 'ü/ä', 'ü/ö/1', 'ü/ö/2', 'z'].sort(
      byteOrder,
    )
    const bucket = await filled(server, keys)
    for (const Prefix of ['', 'a', 'a/', 'ü/'])
      for (const Delimiter of ['', '/'])
        for (const MaxKeys of [2, 3]) {
          const found = await pages(server, bucket, { Prefix, MaxKeys, ...(Delimiter && { Delimiter }) })
          const entries = found.map((page) => [...keysOf(page), ...prefixesOf(page)].map(String).sort(byteOrder))
          assert.deepEqual(entries.flat(), listModel(keys, Prefix, Delimiter), `${Prefix} ${Delimiter} ${MaxKeys}`)
        }
  },
})
