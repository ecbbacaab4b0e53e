import { document, type Fields } from '../xml.ts'
import type { StoredObject } from './catalog.ts'
import { checksumElement, type PartChecksum } from './checksums.ts'
import { type Answer, parameter, xmlAnswer } from './exchange.ts'
import { S3Error } from './s3-error.ts'
import { type Call, checkVersion, existingObject } from './store.ts'

const known = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize']

export function objectAttributes({ request, store, bucket, key }: Call): Answer {
  checkVersion(parameter(request, 'versionId'))
  // Clients write the list with and without spaces.
  const asked = (request.headers['x-amz-object-attributes'] ?? '').split(',').map((name) => name.trim())
  if (!asked.every((name) => known.includes(name))) {
    throw new S3Error('InvalidArgument', 'Invalid attribute name specified.', {
      ArgumentName: 'x-amz-object-attributes',
      ArgumentValue: asked.join(','),
    })
  }
  const object = existingObject(store, bucket, key)
  const { checksum, storageClass } = object.details
  const partsAsked = asked.includes('ObjectParts') && object.details.parts !== undefined
  const marker = Number(request.headers['x-amz-part-number-marker'] ?? 0)
  const max = Math.min(1000, Number(request.headers['x-amz-max-parts'] ?? 1000))
  const fields: Fields = [
    ['ETag', asked.includes('ETag') ? object.etag : undefined],
    [
      'Checksum',
      asked.includes('Checksum') && checksum ? [...sum(checksum), ['ChecksumType', checksum.type]] : undefined,
    ],
    ['ObjectParts', partsAsked ? parts(object, marker, max) : undefined],
    ['StorageClass', asked.includes('StorageClass') ? (storageClass ?? 'STANDARD') : undefined],
    ['ObjectSize', asked.includes('ObjectSize') ? object.size : undefined],
  ]
  return xmlAnswer(document('GetObjectAttributesResponse', fields), 200, {
    'last-modified': new Date(object.modified).toUTCString(),
  })
}

/** S3 lists the parts one by one only of an object that has checksums. */
function parts({ details }: StoredObject, marker: number, max: number): Fields {
  const all = details.parts ?? []
  if (!details.checksum) return [['PartsCount', all.length]]
  const rest = all.filter(({ number }) => number > marker)
  const shown = rest.slice(0, max)
  return [
    ['PartsCount', all.length],
    ['PartNumberMarker', marker],
    ['NextPartNumberMarker', shown.at(-1)?.number ?? 0],
    ['MaxParts', max],
    ['IsTruncated', rest.length > shown.length],
    ...shown.map(
      ({ number, size, checksum }) =>
        ['Part', [['PartNumber', number], ['Size', size], ...(checksum ? sum(checksum) : [])]] as const,
    ),
  ]
}

function sum({ algorithm, value }: PartChecksum): Fields {
  return [[checksumElement(algorithm), value]]
}
