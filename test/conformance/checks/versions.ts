import assert from 'node:assert/strict'
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3'
import { area, isError } from '../check.ts'
import { filled } from './listing.ts'

export const versions = area('versions', {
  'a bucket is not versioned from the start': async (server) => {
    const { Status, $metadata } = await server.sdk.send(
      new GetBucketVersioningCommand({ Bucket: await server.bucket() }),
    )
    assert.deepEqual([Status, $metadata.httpStatusCode], [undefined, 200])
  },
  'each key has one version, null, the latest': async (server) => {
    const bucket = await filled(server, ['a', 'b/c'])
    const { Versions = [], DeleteMarkers } = await server.sdk.send(new ListObjectVersionsCommand({ Bucket: bucket }))
    assert.deepEqual(
      Versions.map(({ Key, VersionId, IsLatest, Size }) => [Key, VersionId, IsLatest, Size]),
      [
        ['a', 'null', true, 14],
        ['b/c', 'null', true, 16],
      ],
    )
    assert.equal(DeleteMarkers, undefined)
  },
  'versions come in pages': async (server) => {
    const Bucket = await filled(server, ['a', 'b', 'c'])
    const page = await server.sdk.send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 2 }))
    assert.deepEqual([page.Versions?.map(({ Key }) => Key), page.IsTruncated], [['a', 'b'], true])
    const { NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = page
    const rest = await server.sdk.send(
      new ListObjectVersionsCommand({ Bucket, MaxKeys: 2, KeyMarker, VersionIdMarker }),
    )
    assert.deepEqual([rest.Versions?.map(({ Key }) => Key), rest.IsTruncated], [['c'], false])
  },
  'versions are selected by prefix and folded by delimiter': async (server) => {
    const Bucket = await filled(server, ['a/1', 'a/b/2', 'c'])
    const input = { Bucket, Prefix: 'a/', Delimiter: '/' }
    const { Versions = [], CommonPrefixes } = await server.sdk.send(new ListObjectVersionsCommand(input))
    assert.deepEqual(
      Versions.map(({ Key }) => Key),
      ['a/1'],
    )
    assert.deepEqual(CommonPrefixes, [{ Prefix: 'a/b/' }])
  },
  'version null can be read': async (server) => {
    const Bucket = await filled(server, ['a'])
    const { Body } = await server.sdk.send(new GetObjectCommand({ Bucket, Key: 'a', VersionId: 'null' }))
    assert.equal(await Body?.transformToString(), 'the bytes of a')
  },
  'version null can be removed': async (server) => {
    const Bucket = await filled(server, ['a'])
    await server.sdk.send(new DeleteObjectCommand({ Bucket, Key: 'a', VersionId: 'null' }))
    isError(await server.request({ bucket: Bucket, key: 'a' }), 404, 'NoSuchKey')
  },
  'a bucket is emptied by what its versions name': async (server) => {
    const Bucket = await filled(server, ['a', 'b/c'])
    const { Versions = [] } = await server.sdk.send(new ListObjectVersionsCommand({ Bucket }))
    const Objects = Versions.map(({ Key, VersionId }) => ({ Key, VersionId }))
    assert.equal(Objects.length, 2)
    const { Errors } = await server.sdk.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
    assert.equal(Errors, undefined)
    const after = await server.sdk.send(new ListObjectVersionsCommand({ Bucket }))
    assert.deepEqual([after.Versions, after.DeleteMarkers], [undefined, undefined])
  },
})
