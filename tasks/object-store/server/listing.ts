import { crc32 } from 'node:zlib'
import { type Content, document, type Fields } from '../xml.ts'
import { type Answer, numberParameter, parameter, type S3Request, xmlAnswer } from './exchange.ts'
import { S3Error } from './s3-error.ts'
import { type Call, isoTime, owner } from './store.ts'
import { type Found, walk } from './walk.ts'

export function listObjectsV2(call: Call): Answer {
  const { request } = call
  const token = parameter(request, 'continuation-token')
  const startAfter = parameter(request, 'start-after')
  const after = token === undefined ? (startAfter ?? '') : readToken(token)
  const page = pageOf(call, after)
  const withOwner = parameter(request, 'fetch-owner') === 'true'
  return xmlAnswer(
    document('ListBucketResult', [
      ...head(call, page),
      ['KeyCount', page.found.length],
      ['ContinuationToken', token],
      ['NextContinuationToken', page.truncated ? writeToken(page.last) : undefined],
      ['StartAfter', startAfter === undefined ? undefined : page.encode(startAfter)],
      ...entries(page, withOwner),
    ]),
  )
}

export function listObjectsV1(call: Call): Answer {
  const marker = parameter(call.request, 'marker') ?? ''
  const page = pageOf(call, marker)
  const next = page.truncated && page.delimiter !== '' ? page.encode(page.last) : undefined
  return xmlAnswer(
    document('ListBucketResult', [
      ...head(call, page),
      ['Marker', page.encode(marker)],
      ['NextMarker', next],
      ...entries(page, true),
    ]),
  )
}

/** Each object's one version, which is named `null`. */
export function listObjectVersions(call: Call): Answer {
  const marker = parameter(call.request, 'key-marker') ?? ''
  const page = pageOf(call, marker)
  const versions = page.found.flatMap(
    (found): Fields =>
      found.kind === 'prefix'
        ? []
        : [['Version', [...entry(found, page.encode), ['Owner', owner], ['VersionId', 'null'], ['IsLatest', true]]]],
  )
  return xmlAnswer(
    document('ListVersionsResult', [
      ...head(call, page),
      ['KeyMarker', page.encode(marker)],
      ['VersionIdMarker', parameter(call.request, 'version-id-marker') ?? ''],
      ['NextKeyMarker', page.truncated ? page.encode(page.last) : undefined],
      ['NextVersionIdMarker', page.truncated ? 'null' : undefined],
      ...versions,
      ...prefixes(page),
    ]),
  )
}

interface Page {
  readonly prefix: string
  readonly delimiter: string
  readonly maxKeys: number
  readonly found: readonly Found[]
  readonly truncated: boolean
  /** The name of the last thing found. */
  readonly last: string
  readonly encode: (text: string) => string
}

function pageOf({ request, store, bucket }: Call, after: string): Page {
  const prefix = parameter(request, 'prefix') ?? ''
  const delimiter = parameter(request, 'delimiter') ?? ''
  const maxKeys = Math.min(1000, numberParameter(request, 'max-keys', 1000))
  const encode = encoderOf(request)
  const found: Found[] = []
  let truncated = false
  if (maxKeys > 0) {
    for (const one of walk(store.catalog, { bucket, prefix, delimiter, after })) {
      truncated = found.length === maxKeys
      if (truncated) break
      found.push(one)
    }
  }
  return { prefix, delimiter, maxKeys, found, truncated, last: found.at(-1)?.name ?? '', encode }
}

/** `encoding-type=url`, as S3 writes it: slashes stay, a space is a plus. */
export function encoderOf(request: S3Request): (text: string) => string {
  const type = parameter(request, 'encoding-type')
  if (type === undefined || type === '') return (text) => text
  if (type !== 'url') {
    throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request', {
      ArgumentName: 'encoding-type',
      ArgumentValue: type,
    })
  }
  return (text) => encodeURIComponent(text).replaceAll('%2F', '/').replaceAll('%20', '+')
}

function head({ request, bucket }: Call, page: Page): Fields {
  return [
    ['Name', bucket],
    ['Prefix', page.encode(page.prefix)],
    ['Delimiter', page.delimiter === '' ? undefined : page.encode(page.delimiter)],
    ['MaxKeys', page.maxKeys],
    ['EncodingType', parameter(request, 'encoding-type')],
    ['IsTruncated', page.truncated],
  ]
}

function entries(page: Page, withOwner: boolean): Fields {
  const contents = page.found.flatMap((found): Fields => {
    if (found.kind === 'prefix') return []
    const fields = entry(found, page.encode)
    return [['Contents', withOwner ? [...fields, ['Owner', owner]] : fields]]
  })
  return [...contents, ...prefixes(page)]
}

function prefixes(page: Page): Fields {
  return page.found.flatMap(
    (found): Fields => (found.kind === 'prefix' ? [['CommonPrefixes', [['Prefix', page.encode(found.name)]]]] : []),
  )
}

function entry({ name, object }: Extract<Found, { kind: 'object' }>, encode: (text: string) => string): Fields {
  const { checksum, storageClass }: { checksum?: { algorithm: string; type: string }; storageClass?: string } =
    JSON.parse(object.details)
  const about: readonly (readonly [string, Content | undefined])[] = [
    ['Key', encode(name)],
    ['LastModified', isoTime(object.modified)],
    ['ETag', `"${object.etag}"`],
    ['ChecksumAlgorithm', checksum?.algorithm.toUpperCase()],
    ['ChecksumType', checksum?.type],
    ['Size', object.size],
    ['StorageClass', storageClass ?? 'STANDARD'],
  ]
  return about
}

/** Opaque, and checked so that a made-up one is refused as S3 does. */
function writeToken(name: string): string {
  const bytes = Buffer.from(name)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(bytes))
  return Buffer.concat([sum, bytes]).toString('base64url')
}

function readToken(token: string): string {
  const bytes = Buffer.from(token, 'base64url')
  const name = bytes.subarray(4)
  if (bytes.byteLength < 5 || bytes.readUInt32BE(0) !== crc32(name)) {
    throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect', {
      ArgumentName: 'continuation-token',
    })
  }
  return name.toString()
}
