import assert from 'node:assert/strict'
import { ListObjectsCommand, type ListObjectsCommandInput } from '@aws-sdk/client-s3'
import { area } from '../check.ts'
import type { Server } from '../server.ts'
import { filled } from './listing.ts'

const list = (server: Server, Bucket: string, input: Omit<ListObjectsCommandInput, 'Bucket'> = {}) =>
  server.sdk.send(new ListObjectsCommand({ Bucket, ...input }))

type Answer = Awaited<ReturnType<typeof list>>
const keysOf = ({ Contents = [] }: Answer) => Contents.map(({ Key }) => Key)

export const listingV1 = area('listing v1', {
  'every key is listed, in order': async (server) => {
    const answer = await list(server, await filled(server))
    assert.deepEqual(keysOf(answer), ['a.txt', 'b/1', 'b/2', 'b/c/3', 'd/4', 'e.txt'])
    assert.equal(answer.IsTruncated, false)
  },
  'an entry names its owner': async (server) => {
    const { Contents = [] } = await list(server, await filled(server, ['a']))
    assert.ok(Contents[0]?.Owner?.ID)
  },
  'a marker leaves its own key out': async (server) => {
    const answer = await list(server, await filled(server), { Marker: 'b/2' })
    assert.deepEqual(keysOf(answer), ['b/c/3', 'd/4', 'e.txt'])
    assert.equal(answer.Marker, 'b/2')
  },
  'the last key of a page is the marker of the next': async (server) => {
    const bucket = await filled(server)
    const found: (string | undefined)[] = []
    for (let Marker = ''; found.length < 7; Marker = found.at(-1) ?? '') {
      const page = await list(server, bucket, { MaxKeys: 4, Marker })
      found.push(...keysOf(page))
      if (page.IsTruncated !== true) break
    }
    assert.deepEqual(found, ['a.txt', 'b/1', 'b/2', 'b/c/3', 'd/4', 'e.txt'])
  },
  'NextMarker goes on where a delimiter folds': async (server) => {
    const bucket = await filled(server)
    const first = await list(server, bucket, { Delimiter: '/', MaxKeys: 2 })
    assert.deepEqual(first.CommonPrefixes, [{ Prefix: 'b/' }])
    assert.equal(first.NextMarker, 'b/')
    const next = await list(server, bucket, { Delimiter: '/', MaxKeys: 2, Marker: first.NextMarker })
    assert.deepEqual(next.CommonPrefixes, [{ Prefix: 'd/' }])
    assert.deepEqual(keysOf(next), ['e.txt'])
  },
  'a prefix selects': async (server) => {
    assert.deepEqual(keysOf(await list(server, await filled(server), { Prefix: 'b/c' })), ['b/c/3'])
  },
})
