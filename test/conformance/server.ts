import { randomBytes } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  NotFound,
  PutObjectCommand,
  type PutObjectCommandInput,
  type PutObjectCommandOutput,
  S3Client,
} from '@aws-sdk/client-s3'
import type { Endpoint } from '../../tasks/object-store/client.ts'
import { send, type WireRequest, type WireResponse } from './http.ts'
import { encodeKey, encodeQuery, type SigningOptions, sha256, signHeaders, signQuery } from './sign.ts'

/** The S3 server that a check judges, and the three clients it is judged through. */
export interface Server {
  readonly endpoint: Endpoint
  /** The host that `bucket.` is put before in virtual-host style; none: path style only. */
  readonly domain: string | undefined
  readonly sdk: S3Client
  bun(bucket: string): Bun.S3Client
  /** Sends one request, signed by hand; see `RequestOptions`. */
  request(options: RequestOptions): Promise<WireResponse>
  /** The request that `request` would send. */
  sign(options: RequestOptions): Promise<WireRequest>
  /** Makes a new, empty bucket. */
  bucket(): Promise<string>
  put(bucket: string, key: string, body: Body, more?: Partial<PutObjectCommandInput>): Promise<PutObjectCommandOutput>
  get(bucket: string, key: string): Promise<Uint8Array>
  text(bucket: string, key: string): Promise<string>
  /** Removes every bucket that `bucket` made, with all that is in it. */
  clear(): Promise<void>
  close(): void
}

type Body = NonNullable<PutObjectCommandInput['Body']>

export interface RequestOptions extends SigningOptions {
  /** Default GET. */
  readonly method?: string
  readonly bucket?: string
  readonly key?: string
  /** Instead of `/bucket/key`; percent-encoded already. */
  readonly path?: string
  readonly host?: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** `x-amz-content-sha256`; default the hash of the body. */
  readonly payload?: string
  /** A number is the seconds for which a presigned URL is valid; default 'header'. */
  readonly auth?: 'header' | 'none' | number
  readonly keys?: Partial<Endpoint>
  /** Changes what goes over the wire after it was signed. */
  readonly tamper?: (wire: WireRequest, keys: Endpoint) => WireRequest
}

export function serverAt(endpoint: Endpoint, domain: string | undefined): Server {
  const { url, region, accessKeyId, secretAccessKey } = endpoint
  const sdk = new S3Client({
    endpoint: url,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    maxAttempts: 1,
  })
  const buckets: string[] = []
  const server: Server = {
    endpoint,
    domain,
    sdk,
    bun: (bucket) => new Bun.S3Client({ endpoint: url, region, accessKeyId, secretAccessKey, bucket, retry: 0 }),
    sign: (options) => wireRequest(endpoint, options),
    request: async (options) => send(await wireRequest(endpoint, options)),
    bucket: async () => {
      const name = `assay-conformance-${randomBytes(6).toString('hex')}`
      await sdk.send(new CreateBucketCommand({ Bucket: name }))
      buckets.push(name)
      return name
    },
    put: (Bucket, Key, body, more = {}) => {
      // The SDK takes an empty string for a stream of unknown length and warns.
      const Body = body === '' ? new Uint8Array() : body
      return sdk.send(new PutObjectCommand({ Bucket, Key, Body, ...more }))
    },
    get: async (Bucket, Key) => {
      const { Body } = await sdk.send(new GetObjectCommand({ Bucket, Key }))
      if (Body === undefined) throw new Error('a GET without a body')
      return Body.transformToByteArray()
    },
    text: async (bucket, key) => new TextDecoder().decode(await server.get(bucket, key)),
    clear: async () => {
      const left = buckets.splice(0)
      const worker = async () => {
        for (let bucket = left.pop(); bucket !== undefined; bucket = left.pop()) await removeBucket(sdk, bucket)
      }
      await Promise.all(Array.from({ length: 8 }, worker))
    },
    close: () => sdk.destroy(),
  }
  return server
}

async function wireRequest(endpoint: Endpoint, options: RequestOptions): Promise<WireRequest> {
  const { method = 'GET', bucket, key, query = {}, auth = 'header', tamper = (wire) => wire } = options
  const body = typeof options.body === 'string' ? Buffer.from(options.body) : (options.body ?? new Uint8Array())
  const host = options.host ?? new URL(endpoint.url).host
  const path =
    options.path ??
    `/${[...(bucket === undefined ? [] : [bucket]), ...(key === undefined ? [] : [encodeKey(key)])].join('/')}`
  const headers = { ...options.headers }
  const keys = { ...endpoint, ...options.keys }
  const unsigned = { method, host, path, query }
  const wire = (found: Record<string, string>, asked: Readonly<Record<string, string>>): WireRequest => {
    const text = encodeQuery(asked)
    const target = text === '' ? path : `${path}?${text}`
    const changed = tamper({ url: endpoint.url, method, target, headers: { host, ...found }, body }, keys)
    const counted = method === 'GET' || method === 'HEAD' || 'content-length' in changed.headers
    return counted
      ? changed
      : { ...changed, headers: { ...changed.headers, 'content-length': String(changed.body?.length ?? 0) } }
  }
  if (auth === 'none') return wire(headers, query)
  if (auth === 'header') {
    const payload = options.payload ?? sha256(body)
    return wire(
      await signHeaders(keys, { ...unsigned, headers: { ...headers, 'x-amz-content-sha256': payload } }, options),
      query,
    )
  }
  const signed = { ...options.headers, 'x-amz-content-sha256': options.payload ?? 'UNSIGNED-PAYLOAD' }
  return wire(headers, await signQuery(keys, { ...unsigned, headers: signed }, auth, options))
}

async function removeBucket(sdk: S3Client, Bucket: string): Promise<void> {
  const here = await sdk.send(new HeadBucketCommand({ Bucket })).catch((error: unknown) => error)
  // A check may have removed its bucket itself.
  if (here instanceof NotFound) return
  if (here instanceof Error) throw here
  const { Uploads = [] } = await sdk.send(new ListMultipartUploadsCommand({ Bucket }))
  for (const { Key, UploadId } of Uploads) await sdk.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await sdk.send(new ListObjectVersionsCommand({ Bucket }))
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }))
    if (Objects.length === 0) break
    await sdk.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }))
  }
  await sdk.send(new DeleteBucketCommand({ Bucket }))
}
