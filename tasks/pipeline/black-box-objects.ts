import { messageOf } from '../../lib/index.ts'
import type { ObjectInfo, S3 } from '../object-store/client.ts'
import type { Arrival, OutputObject, SourceImage } from './evidence.ts'
import { forEachBounded } from './stage/bounded.ts'
import { s3Uri } from './uri.ts'

const imageName = /\.(jpe?g|png|webp|tiff?|gif|avif|hei[cf]|bmp)$/i
const atOnce = 4

export function isImageKey(key: string): boolean {
  return imageName.test(key)
}

/** Every image under a prefix that can be decoded: what a stage is expected to make something of. */
export async function readSources(
  s3: S3,
  { bucket, prefix }: { readonly bucket: string; readonly prefix: string },
): Promise<SourceImage[]> {
  const { openImage } = await import('../images/read.ts')
  const keys = (await s3.list(bucket, prefix)).map(({ key }) => key).filter(isImageKey)
  const found = new Map<string, SourceImage>()
  await forEachBounded(keys, atOnce, async (key) => {
    const bytes = await s3.get(bucket, key)
    const uri = s3Uri(bucket, key)
    try {
      const { width, height } = (await openImage(bytes, uri, 'read')).metadata.autoOrient
      found.set(key, { uri, bytes: bytes.length, sha256: Bun.SHA256.hash(bytes, 'hex'), width, height })
    } catch {
      // Not an image: whatever a stage does with it, it is no source of one. The plan's upload has said so already.
    }
  })
  return keys.flatMap((key) => found.get(key) ?? [])
}

export interface ReadOutputs {
  readonly s3: S3
  readonly bucket: string
  readonly prefix: string
  readonly objects: readonly ObjectInfo[]
  /** URIs that manifests name as images, whatever they are called. */
  readonly named: ReadonlySet<string>
  arrival(key: string): Arrival
}

/** Fetches, hashes and decodes every output. */
export async function readOutputs(options: ReadOutputs): Promise<OutputObject[]> {
  const { s3, bucket, prefix, objects, named, arrival } = options
  const { inspect } = await import('../images/inspect.ts')
  const imageOf = async (key: string, uri: string, bytes: Uint8Array): Promise<OutputObject['image']> => {
    if (!isImageKey(key) && !named.has(uri)) return { kind: 'other' }
    try {
      const { width, height } = await inspect(bytes, uri)
      return { kind: 'decoded', width, height }
    } catch (error) {
      return { kind: 'broken', sentence: messageOf(error) }
    }
  }
  const found = new Map<string, OutputObject>()
  await forEachBounded(objects, atOnce, async ({ key, etag }) => {
    const bytes = await s3.get(bucket, key)
    const uri = s3Uri(bucket, key)
    found.set(key, {
      uri,
      path: key.slice(prefix.length),
      etag,
      bytes: bytes.length,
      sha256: Bun.SHA256.hash(bytes, 'hex'),
      image: await imageOf(key, uri, bytes),
      arrival: arrival(key),
    })
  })
  return objects.flatMap(({ key }) => found.get(key) ?? [])
}
