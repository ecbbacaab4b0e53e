import { childText, document } from '../xml.ts'
import { isBucketName } from './address.ts'
import { type Answer, xmlAnswer } from './exchange.ts'
import { readXmlBody } from './request-xml.ts'
import { S3Error } from './s3-error.ts'
import { type Call, isoTime, owner } from './store.ts'

export function listBuckets({ store }: Call): Answer {
  const buckets = store.catalog.buckets()
  return xmlAnswer(
    document('ListAllMyBucketsResult', [
      ['Owner', owner],
      [
        'Buckets',
        buckets.map(
          ({ name, created }) =>
            [
              'Bucket',
              [
                ['Name', name],
                ['CreationDate', isoTime(created)],
              ],
            ] as const,
        ),
      ],
    ]),
  )
}

export async function createBucket({ request, signed, store, bucket }: Call): Promise<Answer> {
  if (!isBucketName(bucket)) {
    throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.', { BucketName: bucket })
  }
  const { region } = store.credentials
  const configuration = await readXmlBody(request, signed, 'CreateBucketConfiguration', 'optional')
  const location = configuration === undefined ? undefined : childText(configuration, 'LocationConstraint')
  if (location && location !== region) {
    const message = `The ${location} location constraint is incompatible for the region specific endpoint this request was sent to.`
    throw new S3Error('IllegalLocationConstraintException', message)
  }
  if (store.catalog.bucket(bucket)) {
    const message = 'Your previous request to create the named bucket succeeded and you already own it.'
    throw new S3Error('BucketAlreadyOwnedByYou', message, { BucketName: bucket })
  }
  store.catalog.addBucket(bucket)
  return { status: 200, headers: { location: `/${bucket}` } }
}

export function headBucket({ store }: Call): Answer {
  return {
    status: 200,
    headers: { 'x-amz-bucket-region': store.credentials.region, 'content-type': 'application/xml' },
  }
}

export function bucketLocation({ store }: Call): Answer {
  const { region } = store.credentials
  // The oldest region has an empty name.
  const text = document('LocationConstraint', [])
  if (region === 'us-east-1') return xmlAnswer(text)
  return xmlAnswer(text.replace('/>', `>${region}</LocationConstraint>`))
}

/** Versioning was never switched on. */
export function bucketVersioning(): Answer {
  return xmlAnswer(document('VersioningConfiguration', []))
}

export function deleteBucket({ store, bucket }: Call): Answer {
  if (!store.catalog.isEmpty(bucket)) {
    const message = 'The bucket you tried to delete is not empty'
    throw new S3Error('BucketNotEmpty', message, { BucketName: bucket })
  }
  // Uploads under way don't keep a bucket; their parts go with it.
  for (const { id } of store.uploads.list(bucket)) {
    const parts = store.uploads.parts(id)
    store.uploads.remove(id)
    for (const part of parts) store.content.remove(part.segments)
  }
  store.catalog.removeBucket(bucket)
  return { status: 204 }
}
