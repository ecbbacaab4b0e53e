import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketLocationCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3'
import { area, each, isError, isOk, refused } from '../check.ts'
import type { Server } from '../server.ts'

const suffix = () => randomBytes(5).toString('hex')

async function createsAndRemoves(server: Server, bucket: string): Promise<void> {
  isOk(await server.request({ method: 'PUT', bucket }))
  isOk(await server.request({ method: 'HEAD', bucket }))
  isOk(await server.request({ method: 'DELETE', bucket }), 204)
}

export const buckets = area('buckets and naming', {
  'a created bucket is listed with the time of its creation': async (server) => {
    const bucket = await server.bucket()
    const { Buckets = [] } = await server.sdk.send(new ListBucketsCommand({}))
    const found = Buckets.find(({ Name }) => Name === bucket)
    assert.ok(found?.CreationDate instanceof Date)
  },
  'HEAD of a bucket answers 200': async (server) => {
    const { $metadata } = await server.sdk.send(new HeadBucketCommand({ Bucket: await server.bucket() }))
    assert.equal($metadata.httpStatusCode, 200)
  },
  'HEAD of a missing bucket answers 404 without a body': async (server) => {
    const response = await server.request({ method: 'HEAD', bucket: `assay-none-${suffix()}` })
    assert.equal(response.status, 404)
    assert.equal(response.body.length, 0)
  },
  "creating one's own bucket again keeps what is in it": async (server) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'kept', 'here')
    const again = await server.request({ method: 'PUT', bucket })
    // us-east-1 answers 200 as it always did, every other region 409.
    if (again.status !== 200) isError(again, 409, 'BucketAlreadyOwnedByYou')
    assert.equal(await server.text(bucket, 'kept'), 'here')
  },
  'a bucket that is not empty is not removed': async (server) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'a/b', 'x')
    await refused(server.sdk.send(new DeleteBucketCommand({ Bucket: bucket })), 409, 'BucketNotEmpty')
    assert.equal(await server.text(bucket, 'a/b'), 'x')
  },
  'a removed bucket is gone': async (server) => {
    const bucket = await server.bucket()
    isOk(await server.request({ method: 'DELETE', bucket }), 204)
    assert.equal((await server.request({ method: 'HEAD', bucket })).status, 404)
  },
  'a bucket is empty again once its last object is removed': async (server) => {
    const bucket = await server.bucket()
    await server.put(bucket, 'a/b/c', 'x')
    isOk(await server.request({ method: 'DELETE', bucket, key: 'a/b/c' }), 204)
    isOk(await server.request({ method: 'DELETE', bucket }), 204)
  },
  'removing a missing bucket is NoSuchBucket': async (server) =>
    refused(server.sdk.send(new DeleteBucketCommand({ Bucket: `assay-none-${suffix()}` })), 404, 'NoSuchBucket'),
  'listing a missing bucket is NoSuchBucket': async (server) =>
    refused(server.sdk.send(new ListObjectsV2Command({ Bucket: `assay-none-${suffix()}` })), 404, 'NoSuchBucket'),
  'a put into a missing bucket is NoSuchBucket': async (server) =>
    refused(server.put(`assay-none-${suffix()}`, 'a', 'x'), 404, 'NoSuchBucket'),
  'the location of a bucket is answered': async (server) => {
    const bucket = await server.bucket()
    const { LocationConstraint } = await server.sdk.send(new GetBucketLocationCommand({ Bucket: bucket }))
    assert.ok([server.endpoint.region, undefined, ''].includes(LocationConstraint))
    isError(await server.request({ bucket: `assay-none-${suffix()}`, query: { location: '' } }), 404, 'NoSuchBucket')
  },
  'a LocationConstraint that cannot be read is MalformedXML': async (server) =>
    isError(
      await server.request({ method: 'PUT', bucket: `assay-${suffix()}`, body: '<CreateBucketConfiguration><Loc' }),
      400,
      'MalformedXML',
    ),
  ...each(
    {
      'a name of two characters is refused': () => 'ab',
      'a name of 64 characters is refused': () => `a${suffix()}`.padEnd(64, 'x'),
      'a name with capitals is refused': () => `Assay-${suffix()}`,
      'a name with an underscore is refused': () => `assay_${suffix()}`,
      'a name that begins with a hyphen is refused': () => `-assay${suffix()}`,
      'a name that ends with a hyphen is refused': () => `assay${suffix()}-`,
      'a name with two dots side by side is refused': () => `assay..${suffix()}`,
      'a name that is an IP address is refused': () => '192.168.5.4',
    },
    async (server, name) => isError(await server.request({ method: 'PUT', bucket: name() }), 400, 'InvalidBucketName'),
  ),
  ...each(
    {
      'a name of three characters is allowed': () => randomBytes(2).toString('hex').slice(0, 3),
      'a name of 63 characters is allowed': () => `a${suffix()}`.padEnd(63, 'x'),
      'a name with dots, digits and hyphens is allowed': () => `0a.b-c.${suffix()}`,
    },
    (server, name) => createsAndRemoves(server, name()),
  ),
  'a bucket made by the SDK answers where it is': async (server) => {
    const Bucket = `assay-conformance-${suffix()}`
    const { Location } = await server.sdk.send(new CreateBucketCommand({ Bucket }))
    await server.sdk.send(new DeleteBucketCommand({ Bucket }))
    assert.ok(Location?.includes(Bucket))
  },
})
