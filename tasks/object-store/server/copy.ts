import { createHash } from 'node:crypto'
import { document } from '../xml.ts'
import { addressOf, checkKey } from './address.ts'
import type { StoredObject } from './catalog.ts'
import {
  type Algorithm,
  algorithmNamed,
  type Checksum,
  checksumElement,
  newDigest,
  type PartChecksum,
} from './checksums.ts'
import { checkCopySource } from './conditions.ts'
import type { Segment } from './content.ts'
import { type Details, detailsOf } from './details.ts'
import { type Answer, type S3Request, xmlAnswer } from './exchange.ts'
import { existingUpload, keepPart, partNumber } from './multipart.ts'
import { publishNew } from './objects.ts'
import { readSlices } from './read-slices.ts'
import { S3Error } from './s3-error.ts'
import { type Call, checkVersion, existingBucket, existingObject, isoTime, type Store } from './store.ts'

export async function copyObject(call: Call): Promise<Answer> {
  const { request, store, key } = call
  const source = sourceOf(request, store)
  checkCopySource(request, source.object)
  const details = copiedDetails(call, source)
  const algorithm =
    algorithmNamed(request.headers['x-amz-checksum-algorithm']) ?? source.object.details.checksum?.algorithm
  const copied = await copyBytes(store, source.object, 0, source.object.size, algorithm)
  const checksum: Checksum | undefined = copied.checksum && { ...copied.checksum, type: 'FULL_OBJECT' }
  const modified = Date.now()
  const object = {
    key,
    size: source.object.size,
    etag: copied.md5,
    modified,
    segments: [copied.segment],
    details: checksum ? { ...details, checksum } : details,
  }
  publishNew(call, object)
  return copyAnswer('CopyObjectResult', modified, copied, checksum)
}

export async function uploadPartCopy(call: Call): Promise<Answer> {
  const { request, store } = call
  const number = partNumber(request)
  const { plan } = existingUpload(call)
  const { object } = sourceOf(request, store)
  checkCopySource(request, object)
  const { start, end } = copyRange(request.headers['x-amz-copy-source-range'], object.size)
  const copied = await copyBytes(store, object, start, end, plan.algorithm)
  const modified = Date.now()
  keepPart(call, {
    number,
    size: end - start,
    etag: copied.md5,
    modified,
    segments: [copied.segment],
    checksum: copied.checksum,
  })
  return copyAnswer('CopyPartResult', modified, copied, undefined)
}

function copyAnswer(root: string, modified: number, { md5, checksum }: Copied, whole: Checksum | undefined): Answer {
  return xmlAnswer(
    document(root, [
      ['LastModified', isoTime(modified)],
      ['ETag', `"${md5}"`],
      ...(checksum ? [[checksumElement(checksum.algorithm), checksum.value] as const] : []),
      ['ChecksumType', whole?.type],
    ]),
  )
}

interface Source {
  readonly bucket: string
  readonly object: StoredObject
}

/** `x-amz-copy-source`: bucket and key, URL-encoded, with or without a slash before and a version behind. */
function sourceOf(request: S3Request, store: Store): Source {
  const header = request.headers['x-amz-copy-source'] ?? ''
  const [path = '', version] = header.split('?versionId=')
  checkVersion(version)
  const { bucket, key } = addressOf(path.startsWith('/') ? path : `/${path}`, '')
  if (!bucket || !key) {
    throw new S3Error('InvalidArgument', 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey', {
      ArgumentName: 'x-amz-copy-source',
      ArgumentValue: header,
    })
  }
  checkKey(key)
  existingBucket(store, bucket)
  return { bucket, object: existingObject(store, bucket, key) }
}

function copiedDetails({ request, bucket, key }: Call, source: Source): Details {
  const replaced = directive(request, 'x-amz-metadata-directive') === 'REPLACE'
  const newTags = directive(request, 'x-amz-tagging-directive') === 'REPLACE'
  const given = detailsOf(request)
  const sameStorage =
    (request.headers['x-amz-storage-class'] ?? 'STANDARD') === (source.object.details.storageClass ?? 'STANDARD')
  if (source.bucket === bucket && source.object.key === key && !replaced && !newTags && sameStorage) {
    const message =
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes."
    throw new S3Error('InvalidRequest', message)
  }
  const { headers, metadata } = replaced ? given : source.object.details
  const tags = newTags ? given.tags : source.object.details.tags
  return {
    headers,
    metadata,
    ...(tags ? { tags } : {}),
    ...(given.storageClass ? { storageClass: given.storageClass } : {}),
  }
}

function directive(request: S3Request, name: string): 'COPY' | 'REPLACE' {
  const value = request.headers[name] ?? 'COPY'
  if (value === 'COPY' || value === 'REPLACE') return value
  throw new S3Error(
    'InvalidArgument',
    `Unknown ${name === 'x-amz-tagging-directive' ? 'tagging' : 'metadata'} directive.`,
    {
      ArgumentName: name,
      ArgumentValue: value,
    },
  )
}

/** Unlike a get's, the range of a copy must have both ends and lie within the source. */
function copyRange(header: string | undefined, size: number): { readonly start: number; readonly end: number } {
  if (header === undefined) return { start: 0, end: size }
  const match = /^bytes=(\d+)-(\d+)$/.exec(header)
  const [first, last] = [Number(match?.[1]), Number(match?.[2])]
  if (match && first <= last && last < size) return { start: first, end: last + 1 }
  const message = match
    ? `Range specified is not valid for source object of size: ${size}`
    : 'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy'
  throw new S3Error('InvalidArgument', message, { ArgumentName: 'x-amz-copy-source-range', ArgumentValue: header })
}

interface Copied {
  readonly segment: Segment
  readonly md5: string
  readonly checksum: PartChecksum | undefined
}

async function copyBytes(
  { content }: Store,
  { segments }: StoredObject,
  start: number,
  end: number,
  algorithm: Algorithm | undefined,
): Promise<Copied> {
  const release = content.hold(segments)
  const writer = content.create()
  try {
    const md5 = createHash('md5')
    const digest = algorithm === undefined ? undefined : newDigest(algorithm)
    for await (const bytes of readSlices(content.slices(segments, start, end))) {
      md5.update(bytes)
      digest?.update(bytes)
      writer.write(bytes)
    }
    const checksum =
      algorithm && digest ? { algorithm, value: Buffer.from(await digest.digest()).toString('base64') } : undefined
    return { segment: await writer.finish(), md5: md5.digest('hex'), checksum }
  } catch (error) {
    writer.discard()
    throw error
  } finally {
    release()
  }
}
