import { preciseNow } from './access-record.ts'
import type { StoredObject } from './catalog.ts'
import { type Checksum, checksumHeaders } from './checksums.ts'
import { checkPut, isNotModified } from './conditions.ts'
import { detailHeaders, detailsOf } from './details.ts'
import { type Answer, numberParameter, parameter } from './exchange.ts'
import { type ByteRange, contentRange, rangeOf } from './range.ts'
import { receiveBody } from './receive.ts'
import { S3Error } from './s3-error.ts'
import { type Call, checkVersion, existingBucket, existingObject } from './store.ts'

export async function putObject(call: Call): Promise<Answer> {
  const { request, signed, store, key } = call
  const details = detailsOf(request)
  const { segment, md5, checksum } = await receiveBody(request, signed, store.content)
  const whole: Checksum | undefined = checksum && { ...checksum, type: 'FULL_OBJECT' }
  const object = {
    key,
    size: segment.size,
    etag: md5,
    modified: Date.now(),
    segments: [segment],
    details: whole ? { ...details, checksum: whole } : details,
  }
  publishNew(call, object, 'PutObject')
  return { status: 200, headers: { etag: `"${md5}"`, ...checksumHeaders(whole) } }
}

/**
 * Makes an object visible if the request's conditions hold at this very moment; throws and changes nothing where they don't.
 * `along` changes more of the catalog in the same transaction.
 */
export function publish(
  { request, store, bucket, key }: Call,
  object: StoredObject,
  operation?: 'PutObject' | 'CompleteMultipartUpload',
  along?: () => void,
): void {
  // The bucket may have gone while the body came in.
  existingBucket(store, bucket)
  const before = store.catalog.object(bucket, key)
  checkPut(request, before)
  const put = () => store.catalog.putObject(bucket, object)
  if (along === undefined) put()
  else
    store.catalog.transaction(() => {
      along()
      put()
    })
  // Only now: killed between the two, the catalog would name a file that is gone.
  if (before) store.content.remove(before.segments)
  if (!operation) return
  store.record.add({ operation, bucket, key, bytes: object.size, arrived: request.arrived, visible: preciseNow() })
}

/** `publish` for an object whose bytes nothing else names: they go again where it throws. */
export function publishNew(call: Call, object: StoredObject, operation?: 'PutObject'): void {
  try {
    publish(call, object, operation)
  } catch (error) {
    call.store.content.remove(object.segments)
    throw error
  }
}

/** Objects up to this size are read and sent in one piece. */
const pieceLimit = 4 << 20

/** Get and head: the same but for the body, which the listener leaves out of a head's answer. */
export function getObject({ request, store, bucket, key }: Call): Answer {
  checkVersion(parameter(request, 'versionId'))
  const object = existingObject(store, bucket, key)
  const base = {
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.modified).toUTCString(),
    'accept-ranges': 'bytes',
  }
  if (isNotModified(request, object)) return { status: 304, headers: base }
  const part = partRange(numberParameter(request, 'partNumber', 0), object)
  const asked =
    part ??
    (ifRangeHolds(request.headers['if-range'], object) ? rangeOf(request.headers.range, object.size) : undefined)
  const { start, end } = asked ?? { start: 0, end: object.size }
  const withChecksum = request.headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED'
  const headers: Record<string, string> = {
    ...detailHeaders(object.details, request),
    ...base,
    'content-length': String(end - start),
    ...(asked ? { 'content-range': contentRange(asked, object.size) } : {}),
    ...(part && object.details.parts ? { 'x-amz-mp-parts-count': String(object.details.parts.length) } : {}),
    ...(withChecksum && !asked ? checksumHeaders(object.details.checksum) : {}),
  }
  const status = asked ? 206 : 200
  if (request.method === 'HEAD' || start === end) return { status, headers }
  if (end - start <= pieceLimit) return { status, headers, body: store.content.read(object.segments, start, end) }
  const release = store.content.hold(object.segments)
  const slices = store.content.slices(object.segments, start, end)
  return { status, headers, body: { slices, length: end - start, release } }
}

function partRange(number: number, object: StoredObject): ByteRange | undefined {
  if (number === 0 || object.size === 0) return undefined
  let start = 0
  for (const part of object.details.parts ?? [{ number: 1, size: object.size }]) {
    if (part.number === number) return { start, end: start + part.size }
    start += part.size
  }
  throw new S3Error('InvalidPartNumber', 'The requested partnumber is not satisfiable', {
    PartNumberRequested: String(number),
    ActualPartCount: String(object.details.parts?.length ?? 1),
  })
}

function ifRangeHolds(header: string | undefined, object: StoredObject): boolean {
  if (header === undefined) return true
  if (header.startsWith('"')) return header === `"${object.etag}"`
  return Math.floor(object.modified / 1000) * 1000 <= Date.parse(header)
}

/** Deleting what isn't there succeeds too. */
export function deleteObject({ request, store, bucket, key }: Call): Answer {
  checkVersion(parameter(request, 'versionId'))
  const match = request.headers['if-match']
  if (match !== undefined && store.catalog.object(bucket, key)) checkPut(request, store.catalog.object(bucket, key))
  const before = store.catalog.removeObject(bucket, key)
  if (before) store.content.remove(before.segments)
  return { status: 204 }
}
