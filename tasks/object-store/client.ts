import type { S3Client as ControlClient } from '@aws-sdk/client-s3'

/** Where an S3 endpoint is and how to sign for it: plain data, so that a child process can be handed it. */
export interface Endpoint {
  readonly url: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of temporary keys, which S3 takes only together with it. */
  readonly sessionToken?: string
}

export interface ObjectInfo {
  readonly key: string
  readonly size: number
  /** Without its quotes. */
  readonly etag: string
}

/**
 * The few things Assay asks of any S3, by signed `fetch` (asking.ts) or the AWS SDK. What a network
 * or a busy server does to a request is tried again; a refusal (403, 404, 412) is an answer and is not.
 */
export interface S3 {
  readonly endpoint: Endpoint
  put(bucket: string, key: string, body: Uint8Array | string, type?: string): Promise<void>
  /** Writes only where nothing is (`If-None-Match: *`); false when something else was. The very bytes may be an earlier attempt's, and count as ours. */
  putNew(bucket: string, key: string, body: Uint8Array | string, type?: string): Promise<boolean>
  get(bucket: string, key: string): Promise<Uint8Array>
  head(bucket: string, key: string): Promise<ObjectInfo | undefined>
  /** Every object under `prefix`, in key order, each once whatever the server's paging does. */
  list(bucket: string, prefix: string): Promise<ObjectInfo[]>
  remove(bucket: string, keys: readonly string[]): Promise<void>
  hasBucket(bucket: string): Promise<boolean>
  createBucket(bucket: string): Promise<void>
  /** The AWS SDK's client, for everything else; loaded on first use. */
  control(): Promise<ControlClient>
}
