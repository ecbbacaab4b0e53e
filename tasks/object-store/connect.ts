import type { S3Client as ControlClient } from '@aws-sdk/client-s3'
import { cannot } from '../../lib/index.ts'
import type { Endpoint, ObjectInfo, S3 } from './client.ts'
import { withDeadline } from './deadline.ts'
import { bare, listAll, listPage } from './listing.ts'
import { endpointProblem, notS3, statusOf } from './trouble.ts'

export interface ConnectOptions {
  /** Longest wait for an answer, in milliseconds; a body gets as much again for each 4 MiB of it. */
  readonly deadline?: number
}

/**
 * A client of the S3 at `endpoint`; nothing is sent before the first call.
 * Rejects with Problems whose sentence tells a refused connection, a timeout, a 403 and a server that isn't S3 apart.
 */
export function connect(endpoint: Endpoint, { deadline = 15_000 }: ConnectOptions = {}): S3 {
  const buckets = new Map<string, Bun.S3Client>()
  const bulk = (bucket: string) => {
    const client = buckets.get(bucket) ?? bulkClient(endpoint, bucket)
    buckets.set(bucket, client)
    return client
  }
  let loading: Promise<ControlClient> | undefined
  const control = () => {
    loading ??= controlClient(endpoint)
    return loading
  }
  const sdk = () => import('@aws-sdk/client-s3')
  const abort = () => ({ abortSignal: AbortSignal.timeout(deadline) })
  const asked = async <T>(action: string, work: () => Promise<T>, bytes = 0, more?: () => Promise<number>) => {
    try {
      return await withDeadline(work(), allowed(bytes), more)
    } catch (error) {
      throw endpointProblem(action, endpoint.url, error)
    }
  }
  const allowed = (bytes: number) => deadline * (1 + bytes / 2 ** 22)

  const head = async (bucket: string, key: string): Promise<ObjectInfo | undefined> => {
    const { HeadObjectCommand } = await sdk()
    try {
      const found = await (await control()).send(new HeadObjectCommand({ Bucket: bucket, Key: key }), abort())
      if (found.ETag === undefined) throw notS3('the object has no ETag')
      return { key, size: found.ContentLength ?? 0, etag: bare(found.ETag) }
    } catch (error) {
      if (statusOf(error) === 404) return undefined
      throw error
    }
  }

  const hasListing = async (bucket: string): Promise<boolean> => {
    try {
      await listPage(await control(), bucket, '', undefined, AbortSignal.timeout(deadline))
      return true
    } catch (error) {
      if (error instanceof Error && error.name === 'NoSuchBucket') return false
      if (statusOf(error) === 404) throw notS3('404 without a reason')
      throw error
    }
  }

  return {
    endpoint,
    control,
    put: (bucket, key, body, type) =>
      asked(
        `put '${bucket}/${key}'`,
        async () => {
          await bulk(bucket).write(key, body, type === undefined ? {} : { type })
        },
        typeof body === 'string' ? body.length : body instanceof Blob ? body.size : body.byteLength,
      ),
    putNew: (bucket, key, body, type) =>
      asked(`put '${bucket}/${key}'`, async () => {
        const { PutObjectCommand } = await sdk()
        const input = { Bucket: bucket, Key: key, Body: body, IfNoneMatch: '*' }
        const command = new PutObjectCommand(type === undefined ? input : { ...input, ContentType: type })
        try {
          await (await control()).send(command, abort())
          return true
        } catch (error) {
          // 409: another conditional write of this key is under way, and wins.
          if (statusOf(error) === 412 || statusOf(error) === 409) return false
          throw error
        }
      }),
    // How long is too long depends on the size, which is asked only of a get that is slow.
    get: (bucket, key) =>
      asked(
        `get '${bucket}/${key}'`,
        () => bulk(bucket).file(key).bytes(),
        0,
        async () => allowed((await withDeadline(head(bucket, key), deadline))?.size ?? 0),
      ),
    head: (bucket, key) => asked(`look up '${bucket}/${key}'`, () => head(bucket, key)),
    list: async (bucket, prefix) => {
      const action = `list '${bucket}/${prefix}'`
      const page = (token: string | undefined) =>
        asked(action, async () => listPage(await control(), bucket, prefix, token, AbortSignal.timeout(deadline)))
      try {
        return await listAll(bucket, prefix, page)
      } catch (error) {
        throw endpointProblem(action, endpoint.url, error)
      }
    },
    remove: async (bucket, keys) => {
      const { DeleteObjectsCommand } = await sdk()
      for (let at = 0; at < keys.length; at += 1000) {
        const Objects = keys.slice(at, at + 1000).map((Key) => ({ Key }))
        const command = new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } })
        const action = `remove ${Objects.length} objects from '${bucket}'`
        const answer = await asked(action, async () => (await control()).send(command, abort()))
        const failed = answer.Errors?.[0]
        if (failed) throw cannot(action, 'key', 'removable', `${failed.Key} (${failed.Code}: ${failed.Message})`)
      }
    },
    hasBucket: (bucket) =>
      asked(`look up bucket '${bucket}'`, async () => {
        const { HeadBucketCommand } = await sdk()
        try {
          await (await control()).send(new HeadBucketCommand({ Bucket: bucket }), abort())
          return true
        } catch {
          // The answer to a HEAD has no body: a listing's says what is wrong, and tells an S3 from a web site that lacks the page.
          return await hasListing(bucket)
        }
      }),
    createBucket: (bucket) =>
      asked(`create bucket '${bucket}'`, async () => {
        const { CreateBucketCommand } = await sdk()
        try {
          await (await control()).send(new CreateBucketCommand({ Bucket: bucket }), abort())
        } catch (error) {
          if (!(error instanceof Error && error.name === 'BucketAlreadyOwnedByYou')) throw error
        }
      }),
  }
}

function bulkClient({ url, region, accessKeyId, secretAccessKey }: Endpoint, bucket: string): Bun.S3Client {
  return new Bun.S3Client({ endpoint: url, region, accessKeyId, secretAccessKey, bucket })
}

async function controlClient({ url, region, accessKeyId, secretAccessKey }: Endpoint): Promise<ControlClient> {
  const { S3Client } = await import('@aws-sdk/client-s3')
  return new S3Client({ endpoint: url, region, credentials: { accessKeyId, secretAccessKey }, forcePathStyle: true })
}
