import assert from 'node:assert/strict'
import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { area, each, isError, isOk } from '../check.ts'
import type { Server } from '../server.ts'

const list = async (server: Server, Bucket: string) => {
  const { Contents = [] } = await server.sdk.send(new ListObjectsV2Command({ Bucket }))
  return Contents.map(({ Key }) => Key)
}

async function holds(server: Server, keys: readonly string[]): Promise<void> {
  const bucket = await server.bucket()
  for (const key of keys) isOk(await server.request({ method: 'PUT', bucket, key, body: `in ${key}` }))
  for (const key of keys) assert.equal(isOk(await server.request({ bucket, key })).text, `in ${key}`)
  assert.deepEqual((await list(server, bucket)).sort(), keys.toSorted())
  for (const key of keys) isOk(await server.request({ method: 'DELETE', bucket, key }), 204)
  assert.deepEqual(await list(server, bucket), [])
}

export const keys = area('keys', {
  ...each(
    {
      'spaces and plus signs are different': ['a b', 'a+b', 'a%20b'],
      'non-ASCII letters and emoji': ['ünïcode/日本語/नमस्ते', '😀.png'],
      'composed and decomposed letters are different': ['caf\u00e9', 'cafe\u0301'],
      'capitals are different': ['Key', 'key', 'KEY'],
      'characters with a meaning in URLs': ['a?b=c&d', 'a#b', 'a;b=1', 'a%2Fb', '100%'],
      'characters with a meaning in XML': ['<a>&"\'b', 'a&amp;b'],
      'characters with a meaning in file names': ['a\\b', 'a:b|c*d', '~', '$HOME', '-rf'],
      'a key and keys below it': ['a', 'a/b', 'a/b/c'],
      'a slash at the end is part of the key': ['a/', 'a/b/', 'b/'],
      'names that a server could use itself': ['.metadata', '.tmp/upload', '.assay/x', 'objects/data.json', 'a.meta'],
    },
    holds,
  ),
  'slashes side by side are part of the key': async (server) => holds(server, ['a//b', 'a/b', 'a///b']),
  'a slash at the start is part of the key': async (server) => holds(server, ['/a', 'a']),
  'dot segments never lead out of the bucket': async (server) => {
    const [bucket, other] = [await server.bucket(), await server.bucket()]
    await server.put(other, 'a', 'other')
    for (const key of [`../${other}/a`, '../../../../tmp/assay-escaped', 'a/../../b', 'a/..', './a', '..', '.']) {
      const answer = await server.request({ method: 'PUT', bucket, key, body: 'escaped' })
      // A server may refuse such a key; if it takes it, the key is a key like any other.
      if (answer.status >= 400) assert.ok(answer.status < 500, `${key}: ${answer.status}`)
      else assert.equal(isOk(await server.request({ bucket, key })).text, 'escaped')
    }
    assert.equal(await server.text(other, 'a'), 'other')
    assert.equal(await Bun.file('/tmp/assay-escaped').exists(), false)
  },
  'dot segments are part of the key': async (server) => holds(server, ['a/../b', 'a/./b', 'b', 'a/b']),
  'a name longer than a file name may be': async (server) => holds(server, [`a/${'n'.repeat(300)}/b`]),
  'a key of 1024 bytes is taken': async (server) =>
    holds(server, [`${'é'.repeat(100)}/${`${'k'.repeat(199)}/`.repeat(4)}${'k'.repeat(23)}`]),
  'a key of 1025 bytes is KeyTooLongError': async (server) => {
    const bucket = await server.bucket()
    const key = `${`${'k'.repeat(199)}/`.repeat(5)}${'k'.repeat(25)}`
    isError(await server.request({ method: 'PUT', bucket, key, body: 'x' }), 400, 'KeyTooLongError')
  },
})
