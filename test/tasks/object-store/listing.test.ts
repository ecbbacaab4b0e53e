import { afterAll, beforeAll, expect, test } from 'bun:test'
import { CopyObjectCommand, ListObjectsCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'
import fc from 'fast-check'
import { type StoreProcess, scratch, startStore } from './store-rig.ts'

let folder: Awaited<ReturnType<typeof scratch>>
let store: StoreProcess
let control: S3Client

beforeAll(async () => {
  folder = await scratch()
  store = await startStore(folder.path)
  control = await store.s3.control()
})
afterAll(async () => {
  await store[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/** Few letters, so that prefixes and folders meet; some beyond the first plane of Unicode, where byte order and UTF-16 order part. */
const key = fc
  .array(fc.constantFrom('a', 'b', '/', '.', '+', ' ', 'é', '\uffee', '😀'), { minLength: 1, maxLength: 6 })
  .map((letters) => letters.join(''))

const action = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('put'), key, to: key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete'), key, to: key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('copy'), key, to: key }) },
)

function puts(...keys: readonly string[]) {
  return keys.map((key) => ({ do: 'put', key, to: key }))
}

const query = fc.record({
  prefix: fc.oneof(fc.constant(''), key),
  delimiter: fc.constantFrom('', '/', 'a', 'é/'),
  maxKeys: fc.integer({ min: 1, max: 5 }),
  after: fc.oneof(fc.constant(''), key),
})

type Query = typeof query extends fc.Arbitrary<infer T> ? T : never

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** What S3 lists, said as plainly as can be: keys with the prefix, rolled up at the delimiter, those behind `after` in byte order. */
function expected(model: ReadonlyMap<string, string>, { prefix, delimiter, after }: Query): string[] {
  const names = new Set<string>()
  for (const name of model.keys()) {
    if (!name.startsWith(prefix) || byBytes(name, after) <= 0) continue
    const at = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length)
    const shown = at === -1 ? name : name.slice(0, at + delimiter.length)
    if (byBytes(shown, after) > 0) names.add(at === -1 ? `key ${shown}` : `prefix ${shown}`)
  }
  return [...names].sort((a, b) => byBytes(a.replace(/^\w+ /, ''), b.replace(/^\w+ /, '')))
}

interface Page {
  readonly Contents?: readonly { readonly Key?: string | undefined }[] | undefined
  readonly CommonPrefixes?: readonly { readonly Prefix?: string | undefined }[] | undefined
  readonly IsTruncated?: boolean | undefined
  readonly NextMarker?: string | undefined
}

function namesOf({ Contents = [], CommonPrefixes = [] }: Page): string[] {
  const names = [...Contents.map(({ Key }) => `key ${Key}`), ...CommonPrefixes.map(({ Prefix }) => `prefix ${Prefix}`)]
  return names.sort((a, b) => byBytes(a.replace(/^\w+ /, ''), b.replace(/^\w+ /, '')))
}

async function pagesV2(bucket: string, { prefix, delimiter, maxKeys, after }: Query): Promise<string[]> {
  const names: string[] = []
  let token: string | undefined
  do {
    const more = token === undefined ? { StartAfter: after } : { ContinuationToken: token }
    const asked = { Bucket: bucket, Prefix: prefix, Delimiter: delimiter, MaxKeys: maxKeys, ...more }
    const page = await control.send(new ListObjectsV2Command(asked))
    const found = namesOf(page)
    expect(page.KeyCount).toBe(found.length)
    if (page.IsTruncated) expect(found).toHaveLength(maxKeys)
    names.push(...found)
    token = page.NextContinuationToken
    expect(page.IsTruncated).toBe(token !== undefined)
  } while (token !== undefined)
  return names
}

async function pagesV1(bucket: string, { prefix, delimiter, maxKeys, after }: Query): Promise<string[]> {
  const names: string[] = []
  let marker: string | undefined = after
  while (marker !== undefined) {
    const asked = { Bucket: bucket, Prefix: prefix, Delimiter: delimiter, MaxKeys: maxKeys, Marker: marker }
    const page: Page = await control.send(new ListObjectsCommand(asked))
    names.push(...namesOf(page))
    marker = page.IsTruncated ? (page.NextMarker ?? page.Contents?.at(-1)?.Key) : undefined
  }
  return names
}

test('after any puts, deletes and copies every listing is the one a plain model gives', async () => {
  let buckets = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(action, { maxLength: 12 }),
      fc.array(query, { minLength: 1, maxLength: 4 }),
      async (actions, queries) => {
        const bucket = `bucket-${buckets++}`
        await store.s3.createBucket(bucket)
        const model = new Map<string, string>()
        for (const { do: what, key, to } of actions) {
          if (what === 'put') {
            const before = model.get(key)
            // The very bytes count as our own.
            const ours = before === undefined || before === key
            await store.s3.putNew(bucket, key, key).then((isNew) => expect(isNew).toBe(ours))
            if (!model.has(key)) model.set(key, key)
          } else if (what === 'delete') {
            await store.s3.remove(bucket, [key])
            model.delete(key)
          } else if (key !== to && model.has(key)) {
            const source = `${bucket}/${encodeURIComponent(key)}`
            await control.send(new CopyObjectCommand({ Bucket: bucket, Key: to, CopySource: source }))
            model.set(to, model.get(key) ?? '')
          }
        }
        const listed = await store.s3.list(bucket, '')
        expect(listed.map(({ key }) => key)).toEqual([...model.keys()].sort(byBytes))
        expect(listed.map(({ size }) => size)).toEqual(listed.map(({ key }) => Buffer.byteLength(model.get(key) ?? '')))
        for (const asked of queries) {
          expect(await pagesV2(bucket, asked)).toEqual(expected(model, asked))
          expect(await pagesV1(bucket, asked)).toEqual(expected(model, asked))
        }
      },
    ),
    {
      numRuns: 25,
      examples: [
        // A start within a folder does not show the folder again.
        [puts('a/b', 'a/c', 'b'), [{ prefix: '', delimiter: '/', maxKeys: 5, after: 'a/b' }]],
        [puts('a/b', 'a/c', 'b'), [{ prefix: '', delimiter: '/', maxKeys: 1, after: 'a/' }]],
      ],
    },
  )
}, 60_000)
