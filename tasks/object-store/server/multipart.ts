import { randomBytes } from 'node:crypto'
import { document, type Fields } from '../xml.ts'
import { algorithmNamed, type ChecksumType, checksumElement, checksumHeaders } from './checksums.ts'
import { detailsOf } from './details.ts'
import { type Answer, numberParameter, parameter, type S3Request, xmlAnswer } from './exchange.ts'
import { encoderOf } from './listing.ts'
import { receiveBody } from './receive.ts'
import { S3Error } from './s3-error.ts'
import { type Call, isoTime, owner } from './store.ts'
import type { Part, Upload } from './uploads.ts'

export function createUpload({ request, store, bucket, key }: Call): Answer {
  const algorithm = algorithmNamed(request.headers['x-amz-checksum-algorithm'])
  const type = checksumType(request.headers['x-amz-checksum-type'], algorithm)
  const id = randomBytes(24).toString('base64url')
  const plan = { details: detailsOf(request), ...(algorithm && type ? { algorithm, type } : {}) }
  store.uploads.create({ id, bucket, key, created: Date.now(), plan })
  const body = document('InitiateMultipartUploadResult', [
    ['Bucket', bucket],
    ['Key', key],
    ['UploadId', id],
  ])
  const headers =
    algorithm && type ? { 'x-amz-checksum-algorithm': algorithm.toUpperCase(), 'x-amz-checksum-type': type } : {}
  return xmlAnswer(body, 200, headers)
}

function checksumType(given: string | undefined, algorithm: string | undefined): ChecksumType | undefined {
  const type = given?.toUpperCase()
  if (algorithm === undefined) {
    if (type === undefined) return undefined
    throw new S3Error(
      'InvalidRequest',
      'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    )
  }
  if (type === undefined) return algorithm === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE'
  const wrong = type === 'COMPOSITE' ? algorithm === 'crc64nvme' : algorithm.startsWith('sha')
  if ((type !== 'COMPOSITE' && type !== 'FULL_OBJECT') || wrong) {
    throw new S3Error(
      'InvalidRequest',
      `The ${type} checksum type cannot be used with the ${algorithm} checksum algorithm.`,
    )
  }
  return type
}

/** The upload that `uploadId` names, if it is one of this very key. */
export function existingUpload({ request, store, bucket, key }: Call): Upload {
  const id = parameter(request, 'uploadId') ?? ''
  const upload = store.uploads.find(id)
  if (upload && upload.bucket === bucket && upload.key === key) return upload
  const message =
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.'
  throw new S3Error('NoSuchUpload', message, { UploadId: id })
}

export function partNumber(request: S3Request): number {
  const number = Number(parameter(request, 'partNumber'))
  if (Number.isInteger(number) && number >= 1 && number <= 10000) return number
  throw new S3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive', {
    ArgumentName: 'partNumber',
    ArgumentValue: parameter(request, 'partNumber') ?? '',
  })
}

export async function uploadPart(call: Call): Promise<Answer> {
  const { request, signed, store } = call
  const number = partNumber(request)
  const { plan } = existingUpload(call)
  const { segment, md5, checksum } = await receiveBody(request, signed, store.content, plan.algorithm)
  if (checksum && plan.algorithm && checksum.algorithm !== plan.algorithm) {
    store.content.remove([segment])
    const message = `Checksum Type mismatch occurred, expected checksum Type: ${plan.algorithm}, actual checksum Type: ${checksum.algorithm}`
    throw new S3Error('InvalidRequest', message)
  }
  keepPart(call, { number, size: segment.size, etag: md5, modified: Date.now(), segments: [segment], checksum })
  const { 'x-amz-checksum-type': _, ...headers } = checksumHeaders(checksum && { ...checksum, type: 'FULL_OBJECT' })
  return { status: 200, headers: { etag: `"${md5}"`, ...headers } }
}

/** Adds a part whose bytes are stored, unless the upload has ended meanwhile. */
export function keepPart(call: Call, part: Part): void {
  try {
    const { id } = existingUpload(call)
    const before = call.store.uploads.putPart(id, part)
    if (before) call.store.content.remove(before.segments)
  } catch (error) {
    call.store.content.remove(part.segments)
    throw error
  }
}

export function abortUpload(call: Call): Answer {
  const { id } = existingUpload(call)
  const parts = call.store.uploads.parts(id)
  call.store.uploads.remove(id)
  for (const part of parts) call.store.content.remove(part.segments)
  return { status: 204 }
}

export function listParts(call: Call): Answer {
  const { request, store, bucket, key } = call
  const { id, plan } = existingUpload(call)
  const marker = numberParameter(request, 'part-number-marker', 0)
  const max = Math.min(1000, numberParameter(request, 'max-parts', 1000))
  const rest = store.uploads.parts(id).filter(({ number }) => number > marker)
  const shown = rest.slice(0, max)
  const truncated = rest.length > shown.length
  const encode = encoderOf(request)
  return xmlAnswer(
    document('ListPartsResult', [
      ['Bucket', bucket],
      ['Key', encode(key)],
      ['UploadId', id],
      ['Initiator', owner],
      ['Owner', owner],
      ['StorageClass', plan.details.storageClass ?? 'STANDARD'],
      ['PartNumberMarker', marker],
      ['NextPartNumberMarker', shown.at(-1)?.number ?? 0],
      ['MaxParts', max],
      ['IsTruncated', truncated],
      ['ChecksumAlgorithm', plan.algorithm?.toUpperCase()],
      ['ChecksumType', plan.type],
      ...shown.map((part) => ['Part', partFields(part)] as const),
    ]),
  )
}

function partFields({ number, modified, etag, size, checksum }: Part): Fields {
  const sum: Fields = checksum ? [[checksumElement(checksum.algorithm), checksum.value]] : []
  return [['PartNumber', number], ['LastModified', isoTime(modified)], ['ETag', `"${etag}"`], ['Size', size], ...sum]
}

export function listUploads({ request, store, bucket }: Call): Answer {
  const prefix = parameter(request, 'prefix') ?? ''
  const delimiter = parameter(request, 'delimiter') ?? ''
  const keyMarker = parameter(request, 'key-marker') ?? ''
  const idMarker = parameter(request, 'upload-id-marker') ?? ''
  const max = Math.min(1000, numberParameter(request, 'max-uploads', 1000))
  const encode = encoderOf(request)
  const isAfter = (upload: Upload) => {
    const order = Buffer.compare(Buffer.from(upload.key), Buffer.from(keyMarker))
    return keyMarker === '' || order > 0 || (order === 0 && idMarker !== '' && upload.id > idMarker)
  }
  const shown: Upload[] = []
  const common = new Set<string>()
  let truncated = false
  for (const upload of store.uploads.list(bucket)) {
    if (!upload.key.startsWith(prefix) || !isAfter(upload)) continue
    const at = delimiter === '' ? -1 : upload.key.indexOf(delimiter, prefix.length)
    const rolled = at === -1 ? undefined : upload.key.slice(0, at + delimiter.length)
    if (rolled !== undefined && (common.has(rolled) || rolled === keyMarker)) continue
    truncated = shown.length + common.size === max
    if (truncated) break
    if (rolled === undefined) shown.push(upload)
    else common.add(rolled)
  }
  const last = shown.at(-1)
  return xmlAnswer(
    document('ListMultipartUploadsResult', [
      ['Bucket', bucket],
      ['KeyMarker', encode(keyMarker)],
      ['UploadIdMarker', idMarker],
      ['NextKeyMarker', truncated ? encode([last?.key ?? '', ...common].sort().at(-1) ?? '') : undefined],
      ['NextUploadIdMarker', truncated ? (last?.id ?? '') : undefined],
      ['Prefix', encode(prefix)],
      ['Delimiter', delimiter === '' ? undefined : encode(delimiter)],
      ['EncodingType', parameter(request, 'encoding-type')],
      ['MaxUploads', max],
      ['IsTruncated', truncated],
      ...shown.map((upload) => ['Upload', uploadFields(upload, encode)] as const),
      ...[...common].map((name) => ['CommonPrefixes', [['Prefix', encode(name)]]] as const),
    ]),
  )
}

function uploadFields({ id, key, created, plan }: Upload, encode: (text: string) => string): Fields {
  return [
    ['Key', encode(key)],
    ['UploadId', id],
    ['Initiator', owner],
    ['Owner', owner],
    ['StorageClass', plan.details.storageClass ?? 'STANDARD'],
    ['Initiated', isoTime(created)],
    ['ChecksumAlgorithm', plan.algorithm?.toUpperCase()],
    ['ChecksumType', plan.type],
  ]
}
