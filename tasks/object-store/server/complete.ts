import { createHash } from 'node:crypto'
import { children, childText, document } from '../xml.ts'
import type { StoredObject } from './catalog.ts'
import {
  type Checksum,
  checksumElement,
  checksumHeaders,
  compositeChecksum,
  isChecksum,
  newDigest,
} from './checksums.ts'
import { type Answer, type S3Request, xmlAnswer } from './exchange.ts'
import { existingUpload } from './multipart.ts'
import { publish } from './objects.ts'
import { readSlices } from './read-slices.ts'
import { malformedXml, readXmlBody } from './request-xml.ts'
import { S3Error } from './s3-error.ts'
import type { Call } from './store.ts'
import type { Part, UploadPlan } from './uploads.ts'

const smallestPart = 5 << 20

/** Makes an object of an upload's parts; no byte is copied, the object's content is the parts' files in order. */
export async function completeUpload(call: Call): Promise<Answer> {
  const { request, signed, store, bucket, key } = call
  const content = await readXmlBody(request, signed, 'CompleteMultipartUpload')
  const { id, plan } = existingUpload(call)
  const listed = children(content, 'Part').map(listedPart)
  if (listed.length === 0) throw malformedXml()
  const parts = chosenParts(listed, store.uploads.parts(id), plan, id)
  const size = parts.reduce((sum, part) => sum + part.size, 0)
  const declared = request.headers['x-amz-mp-object-size']
  if (declared !== undefined && Number(declared) !== size) {
    throw new S3Error(
      'InvalidRequest',
      `The provided 'x-amz-mp-object-size' header value ${declared} does not match what was computed: ${size}`,
    )
  }
  const checksum = await objectChecksum(call, plan, parts)
  checkObjectChecksum(request, checksum)
  const md5 = createHash('md5')
  for (const { etag } of parts) md5.update(Buffer.from(etag, 'hex'))
  const etag = `${md5.digest('hex')}-${parts.length}`
  const object = {
    key,
    size,
    etag,
    modified: Date.now(),
    segments: parts.flatMap(({ segments }) => segments),
    details: {
      ...plan.details,
      ...(checksum ? { checksum } : {}),
      parts: parts.map(({ number, size, checksum }) => (checksum ? { number, size, checksum } : { number, size })),
    },
  }
  finish(call, id, parts, object)
  return xmlAnswer(
    document('CompleteMultipartUploadResult', [
      ['Location', `/${bucket}/${key}`],
      ['Bucket', bucket],
      ['Key', key],
      ['ETag', `"${etag}"`],
      ...(checksum
        ? [[checksumElement(checksum.algorithm), checksum.value] as const, ['ChecksumType', checksum.type] as const]
        : []),
    ]),
    200,
    checksumHeaders(checksum),
  )
}

interface ListedPart {
  readonly number: number
  readonly etag: string
  readonly content: unknown
}

function listedPart(content: unknown): ListedPart {
  const number = Number(childText(content, 'PartNumber'))
  const etag = childText(content, 'ETag')
  if (!Number.isInteger(number) || number < 1 || etag === undefined) throw malformedXml()
  return { number, etag: etag.replaceAll('"', ''), content }
}

function chosenParts(
  listed: readonly ListedPart[],
  stored: readonly Part[],
  plan: UploadPlan,
  id: string,
): readonly Part[] {
  const byNumber = new Map(stored.map((part) => [part.number, part]))
  return listed.map(({ number, etag, content }, index) => {
    const before = listed[index - 1]
    if (before && before.number >= number) {
      const message =
        'The list of parts was not in ascending order. The parts list must be specified in order by part number.'
      throw new S3Error('InvalidPartOrder', message, { UploadId: id })
    }
    const part = byNumber.get(number)
    if (!part || part.etag !== etag) throw invalidPart(id, number, etag)
    checkPartChecksum(content, part, plan, id)
    if (index < listed.length - 1 && part.size < smallestPart) {
      throw new S3Error('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', {
        ProposedSize: String(part.size),
        MinSizeAllowed: String(smallestPart),
        PartNumber: String(number),
        ETag: etag,
      })
    }
    return part
  })
}

function checkPartChecksum(content: unknown, part: Part, { algorithm, type }: UploadPlan, id: string): void {
  const own = part.checksum
  if (own) {
    const claimed = childText(content, checksumElement(own.algorithm))
    if (claimed !== undefined && claimed !== own.value) throw invalidPart(id, part.number, part.etag)
    if (claimed !== undefined || type !== 'COMPOSITE') return
  }
  if (algorithm === undefined || type !== 'COMPOSITE') return
  const message = `The upload was created using a ${algorithm} checksum. The complete request must include the checksum for each part. It was missing for part ${part.number} in the request.`
  throw new S3Error('InvalidRequest', message)
}

function invalidPart(id: string, number: number, etag: string): S3Error {
  const message =
    "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag."
  return new S3Error('InvalidPart', message, { UploadId: id, PartNumber: String(number), ETag: etag })
}

async function objectChecksum(
  { store }: Call,
  { algorithm, type }: UploadPlan,
  parts: readonly Part[],
): Promise<Checksum | undefined> {
  if (algorithm === undefined || type === undefined) return undefined
  if (type === 'COMPOSITE')
    return compositeChecksum(
      algorithm,
      parts.map(({ checksum }) => checksum?.value ?? ''),
    )
  const segments = parts.flatMap((part) => part.segments)
  const size = parts.reduce((sum, part) => sum + part.size, 0)
  const release = store.content.hold(segments)
  try {
    const digest = newDigest(algorithm)
    for await (const bytes of readSlices(store.content.slices(segments, 0, size))) digest.update(bytes)
    return { algorithm, type, value: Buffer.from(await digest.digest()).toString('base64') }
  } finally {
    release()
  }
}

/** `x-amz-checksum-*` of a complete request is the checksum that the object must turn out to have. */
function checkObjectChecksum({ headers }: S3Request, checksum: Checksum | undefined): void {
  if (!checksum) return
  const claimed = headers[`x-amz-checksum-${checksum.algorithm}`]
  if (claimed === undefined) return
  const [value = '', count] = claimed.split('-')
  if (!isChecksum(checksum.algorithm, value)) {
    throw new S3Error('InvalidRequest', `Value for x-amz-checksum-${checksum.algorithm} header is invalid.`)
  }
  const matches = count === undefined ? checksum.value.split('-')[0] === value : checksum.value === claimed
  if (!matches)
    throw new S3Error('BadDigest', `The ${checksum.algorithm} you specified did not match the calculated checksum.`)
}

/** Ends the upload and publishes in one transaction; parts that were uploaded and not listed go. */
function finish(call: Call, id: string, parts: readonly Part[], object: StoredObject): void {
  const { uploads, content } = call.store
  // Anything may have happened while checksums were computed.
  existingUpload(call)
  const stored = uploads.parts(id)
  const files = new Set(stored.flatMap(({ segments }) => segments.map((segment) => segment.id)))
  const gone = parts.find(({ segments }) => segments.some((segment) => !files.has(segment.id)))
  if (gone) throw invalidPart(id, gone.number, gone.etag)
  publish(call, object, 'CompleteMultipartUpload', () => uploads.remove(id))
  const kept = new Set(parts.map(({ number }) => number))
  for (const part of stored) if (!kept.has(part.number)) content.remove(part.segments)
}
