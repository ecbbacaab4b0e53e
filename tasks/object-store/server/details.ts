import type { Checksum, PartChecksum } from './checksums.ts'
import type { S3Request } from './exchange.ts'
import { headerValue, parameter } from './exchange.ts'
import { S3Error } from './s3-error.ts'

/** What an object carries beside its bytes. */
export interface Details {
  /** `content-type` and its fellows, as they are answered. */
  readonly headers: Readonly<Record<string, string>>
  /** User metadata without the `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>
  readonly checksum?: Checksum
  /** Sizes and checksums of a multipart object's parts. */
  readonly parts?: readonly PartDetails[]
  readonly tags?: readonly Tag[]
  readonly storageClass?: string
}

export interface PartDetails {
  readonly number: number
  readonly size: number
  readonly checksum?: PartChecksum
}

export type Tag = readonly [key: string, value: string]

const kept = ['content-type', 'content-disposition', 'content-encoding', 'content-language', 'cache-control', 'expires']

/** Reads what a put, copy or create-upload says about the object beside its bytes. */
export function detailsOf(request: S3Request): Details {
  const headers: Record<string, string> = {}
  for (const name of kept) {
    const value = name === 'content-encoding' ? withoutFraming(request.headers[name]) : request.headers[name]
    if (value) headers[name] = value
  }
  headers['content-type'] ??= 'binary/octet-stream'
  const tagging = request.headers['x-amz-tagging']
  const storageClass = request.headers['x-amz-storage-class']
  return {
    headers,
    metadata: metadataOf(request),
    ...(tagging === undefined ? {} : { tags: checkTags([...new URLSearchParams(tagging)]) }),
    ...(storageClass === undefined || storageClass === 'STANDARD' ? {} : { storageClass }),
  }
}

/** `aws-chunked` is how the body travels, not what the object is. */
function withoutFraming(encoding: string | undefined): string | undefined {
  const rest = encoding?.split(',').map((word) => word.trim())
  return rest?.filter((word) => word !== 'aws-chunked').join(',')
}

function metadataOf(request: S3Request): Record<string, string> {
  const metadata: Record<string, string> = {}
  let size = 0
  for (const [name, value] of Object.entries(request.headers)) {
    if (!name.startsWith('x-amz-meta-')) continue
    const short = name.slice('x-amz-meta-'.length)
    metadata[short] = value
    size += Buffer.byteLength(short) + Buffer.byteLength(value)
  }
  if (size > 2048) {
    const message = 'Your metadata headers exceed the maximum allowed metadata size'
    throw new S3Error('MetadataTooLarge', message, { Size: String(size), MaxSizeAllowed: '2048' })
  }
  return metadata
}

export function checkTags(tags: readonly Tag[]): readonly Tag[] {
  if (tags.length > 10) throw new S3Error('InvalidTag', 'Object tags cannot be greater than 10')
  if (new Set(tags.map(([key]) => key)).size !== tags.length) {
    throw new S3Error('InvalidTag', 'Cannot provide multiple Tags with the same key')
  }
  for (const [key, value] of tags) {
    if (key === '' || key.length > 128) throw new S3Error('InvalidTag', 'The TagKey you have provided is invalid')
    if (value.length > 256) throw new S3Error('InvalidTag', 'The TagValue you have provided is invalid')
  }
  return tags
}

/** The headers that a get or head answers for these details, `response-*` overrides applied. */
export function detailHeaders(details: Details, request: S3Request): Record<string, string> {
  const headers: Record<string, string> = { ...details.headers }
  for (const name of kept) {
    const value = parameter(request, `response-${name}`)
    if (value !== undefined) headers[name] = headerValue(`response-${name}`, value)
  }
  for (const [name, value] of Object.entries(details.metadata)) headers[`x-amz-meta-${name}`] = headerText(value)
  if (details.tags?.length) headers['x-amz-tagging-count'] = String(details.tags.length)
  if (details.storageClass) headers['x-amz-storage-class'] = details.storageClass
  return headers
}

/** What HTTP headers can't carry goes as RFC 2047 words, as S3 does it. */
function headerText(value: string): string {
  return /^[\x20-\x7e\t]*$/.test(value) ? value : `=?UTF-8?B?${Buffer.from(value).toString('base64')}?=`
}
