import { Readable } from 'node:stream'
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import type { Endpoint } from '../../tasks/object-store/client.ts'

export type ClientName = "Bun's client" | 'AWS SDK'

/** Puts and gets single objects of a bucket. */
export interface Client {
  readonly name: ClientName
  put(key: string, body: Uint8Array): Promise<unknown>
  /** Returns the number of bytes that came. */
  get(key: string): Promise<number>
}

export const bucket = 'bench'

export async function clientsOf(endpoint: Endpoint): Promise<readonly Client[]> {
  const sdk = sdkOf(endpoint)
  await sdk.send(new CreateBucketCommand({ Bucket: bucket }))
  const { url, ...keys } = endpoint
  const bun = new Bun.S3Client({ endpoint: url, bucket, ...keys })
  return [
    {
      name: "Bun's client",
      put: (key, body) => bun.write(key, body),
      get: async (key) => (await bun.file(key).arrayBuffer()).byteLength,
    },
    {
      name: 'AWS SDK',
      put: (Key, Body) => sdk.send(new PutObjectCommand({ Bucket: bucket, Key, Body })),
      get: async (Key) => {
        const { Body } = await sdk.send(new GetObjectCommand({ Bucket: bucket, Key }))
        return (await Body?.transformToByteArray())?.byteLength ?? 0
      },
    },
  ]
}

/** Runs `work` for 0 … count − 1, `inFlight` at once, and returns how many went a second. */
export async function rate(count: number, inFlight: number, work: (i: number) => Promise<unknown>): Promise<number> {
  let next = 0
  const worker = async () => {
    for (let i = next++; i < count; i = next++) await work(i)
  }
  const start = performance.now()
  await Promise.all(Array.from({ length: inFlight }, worker))
  return (count * 1000) / (performance.now() - start)
}

/** Stores `size` bytes as one object, in parts and then as one streamed put, and says after each what `after` says. */
export async function storeLarge(endpoint: Endpoint, size: number, after: (how: string) => void): Promise<void> {
  const sdk = sdkOf(endpoint)
  await sdk.send(new CreateBucketCommand({ Bucket: bucket }))
  const Key = 'large'
  const target = { Bucket: bucket, Key }
  const partSize = Math.min(64 * 2 ** 20, size)
  const part = crypto.getRandomValues(new Uint8Array(65_536))
  const body = Buffer.alloc(partSize, part)
  const { UploadId } = await sdk.send(new CreateMultipartUploadCommand(target))
  const Parts: { ETag: string | undefined; PartNumber: number }[] = []
  await rate(Math.ceil(size / partSize), 4, async (i) => {
    const Body = body.subarray(0, Math.min(partSize, size - i * partSize))
    const { ETag } = await sdk.send(new UploadPartCommand({ ...target, UploadId, PartNumber: i + 1, Body }))
    Parts.push({ ETag, PartNumber: i + 1 })
  })
  Parts.sort((a, b) => a.PartNumber - b.PartNumber)
  await sdk.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }))
  await check(sdk, size)
  after('in parts of 64 MiB, 4 at once')
  await sdk.send(new DeleteObjectCommand(target))
  const pieces = function* () {
    for (let left = size; left > 0; left -= 2 ** 20) yield body.subarray(0, Math.min(2 ** 20, left))
  }
  await sdk.send(new PutObjectCommand({ ...target, Body: Readable.from(pieces()), ContentLength: size }))
  await check(sdk, size)
  after('as one streamed put')
  await sdk.send(new DeleteObjectCommand(target))
}

async function check(sdk: S3Client, size: number): Promise<void> {
  const { ContentLength } = await sdk.send(new HeadObjectCommand({ Bucket: bucket, Key: 'large' }))
  if (ContentLength !== size) throw new Error(`stored ${ContentLength} of ${size} bytes`)
}

function sdkOf({ url, region, ...credentials }: Endpoint): S3Client {
  return new S3Client({ endpoint: url, region, credentials, forcePathStyle: true })
}
