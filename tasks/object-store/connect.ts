import type { S3Client as ControlClient } from '@aws-sdk/client-s3'
import { cannot } from '../../lib/index.ts'
import { asking } from './asking.ts'
import { bulkClient } from './bulk.ts'
import type { Endpoint, ObjectInfo, S3 } from './client.ts'
import { bare, listAll, listPage } from './listing.ts'
import { retrying, type Wait, within } from './retry.ts'
import { endpointProblem, hasCode, isPassing, notS3, s3Error, statusOf } from './trouble.ts'

export interface ConnectOptions {
  /** Longest wait for one answer, in milliseconds; a body gets as much again for each 4 MiB of it. */
  readonly deadline?: number
  /** No request is repeated later than so many milliseconds after it was first made; four times the deadline when absent. */
  readonly patience?: number
  /** Ends what is under way and whatever is asked later, with its reason. */
  readonly signal?: AbortSignal
  /** Hears of every request that is made again: `put 'raw/a.jpg'`, and what had gone wrong. */
  readonly onRepeat?: (action: string, error: unknown) => void
}

/**
 * A client of the S3 at `endpoint`; nothing is sent before the first call. What passes is tried again, with pauses, within a deadline.
 * Rejects with Problems whose sentence tells a refused connection, a timeout, a 403 and a server that isn't S3 apart.
 */
export function connect(endpoint: Endpoint, options: ConnectOptions = {}): S3 {
  const { deadline = 15_000, patience = 4 * deadline, signal, onRepeat = () => {} } = options
  let loading: Promise<ControlClient> | undefined
  const control = () => {
    loading ??= controlClient(endpoint)
    return loading
  }
  // For what every stage asks within its first milliseconds: loading the SDK takes longer than all of it.
  const ask = asking(endpoint)
  const closely = asking(endpoint, 'node:http')
  const bulk = bulkClient(ask)
  const allowed = (bytes: number) => deadline * (1 + bytes / 2 ** 22)
  const asked = async <T>(action: string, work: (wait: Wait, attempt: number) => Promise<T>, bytes = 0) => {
    let attempts = 1
    const again = (error: unknown) => {
      attempts++
      onRepeat(action, error)
    }
    try {
      const once = (attempt: number) => within(allowed(bytes), signal, (wait) => work(wait, attempt))
      return await retrying(once, { signal, patience, isPassing, again })
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw endpointProblem(action, endpoint.url, error, attempts)
    }
  }

  const hasListing = async (bucket: string, abortSignal: AbortSignal): Promise<boolean> => {
    try {
      await listPage(closely, bucket, '', undefined, abortSignal)
      return true
    } catch (error) {
      if (hasCode(error, 'NoSuchBucket')) return false
      if (statusOf(error) === 404) throw notS3('404 without a reason')
      throw error
    }
  }

  return {
    endpoint,
    control,
    put: (bucket, key, body, type) =>
      asked(`put '${bucket}/${key}'`, (wait) => bulk.put(bucket, key, body, typed(type), wait), body.length),
    putNew: (bucket, key, body, type) =>
      asked(`put '${bucket}/${key}'`, async (wait) => {
        try {
          await bulk.put(bucket, key, body, { ...typed(type), 'if-none-match': '*' }, wait)
          return true
        } catch (error) {
          // 409: another conditional write of this key is under way; it may be an attempt of ours that nobody heard the end of.
          if (statusOf(error) === 409) throw s3Error(503, 'ServiceUnavailable', 'a write of this key is under way')
          if (statusOf(error) !== 412) throw error
          // So may be what is there: an answer that was lost, by us or by a connection that Bun opened anew without a word.
          return isSame(await bulk.get(bucket, key, wait, allowed), body)
        }
      }),
    get: (bucket, key) => asked(`get '${bucket}/${key}'`, (wait) => bulk.get(bucket, key, wait, allowed)),
    head: (bucket, key) =>
      asked(`look up '${bucket}/${key}'`, async ({ signal }): Promise<ObjectInfo | undefined> => {
        try {
          const { headers } = await ask({ method: 'HEAD', bucket, key }, signal)
          const etag = headers.get('etag')
          if (etag === null) throw notS3('the object has no ETag')
          return { key, size: Number(headers.get('content-length')), etag: bare(etag) }
        } catch (error) {
          if (statusOf(error) === 404) return undefined
          throw error
        }
      }),
    list: async (bucket, prefix) => {
      const action = `list '${bucket}/${prefix}'`
      const pageAt = (token: string | undefined) =>
        asked(action, ({ signal }) => listPage(ask, bucket, prefix, token, signal))
      try {
        return await listAll(bucket, prefix, pageAt)
      } catch (error) {
        if (signal?.aborted) throw signal.reason
        throw endpointProblem(action, endpoint.url, error)
      }
    },
    remove: async (bucket, keys) => {
      const { DeleteObjectsCommand } = await sdk()
      for (let at = 0; at < keys.length; at += 1000) {
        const Objects = keys.slice(at, at + 1000).map((Key) => ({ Key }))
        const command = new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } })
        const action = `remove ${Objects.length} objects from '${bucket}'`
        await asked(action, async (wait) => {
          const { Errors } = await (await control()).send(command, { abortSignal: wait.signal })
          const [failed] = Errors ?? []
          if (failed === undefined) return
          const { Key, Code = '', Message = '' } = failed
          const error = s3Error(200, Code, Message)
          if (isPassing(error)) throw error
          throw cannot(action, 'key', 'removable', `${Key} (${Code}: ${Message})`)
        })
      }
    },
    hasBucket: (bucket) =>
      asked(`look up bucket '${bucket}'`, async ({ signal }) => {
        try {
          await ask({ method: 'HEAD', bucket }, signal)
          return true
        } catch {
          // The answer to a HEAD has no body: a listing's says what is wrong, and tells an S3 from a web site that lacks the page.
          return await hasListing(bucket, signal)
        }
      }),
    createBucket: (bucket) =>
      asked(`create bucket '${bucket}'`, async (wait) => {
        const { CreateBucketCommand } = await sdk()
        try {
          await (await control()).send(new CreateBucketCommand({ Bucket: bucket }), { abortSignal: wait.signal })
        } catch (error) {
          if (!hasCode(error, 'BucketAlreadyOwnedByYou')) throw error
        }
      }),
  }
}

function typed(type: string | undefined): Record<string, string> {
  return type === undefined ? {} : { 'content-type': type }
}

function isSame(found: Uint8Array, body: Uint8Array | string): boolean {
  return Buffer.compare(found, Buffer.from(body)) === 0
}

/** The AWS SDK, for new buckets, for removals, and for what a plan asks beside. */
export function sdk() {
  return import('@aws-sdk/client-s3')
}

async function controlClient({ url, region, ...credentials }: Endpoint): Promise<ControlClient> {
  const { S3Client } = await sdk()
  // What is to be tried again is decided and counted here, not hidden in the SDK.
  return new S3Client({ endpoint: url, region, credentials, forcePathStyle: true, maxAttempts: 1 })
}
