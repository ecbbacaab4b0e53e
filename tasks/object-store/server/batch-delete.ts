import { children, childText, document, type Fields } from '../xml.ts'
import type { Segment } from './content.ts'
import { type Answer, xmlAnswer } from './exchange.ts'
import { malformedXml, readXmlBody } from './request-xml.ts'
import { S3Error } from './s3-error.ts'
import type { Call } from './store.ts'

/** DeleteObjects: up to 1000 keys; what fails is told key by key. */
export async function deleteObjects({ request, signed, store, bucket }: Call): Promise<Answer> {
  const checked = Object.keys(request.headers).some(
    (name) => name === 'content-md5' || name.startsWith('x-amz-checksum-') || name === 'x-amz-trailer',
  )
  if (!checked) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*')
  }
  const content = await readXmlBody(request, signed, 'Delete')
  const objects = children(content, 'Object')
  if (objects.length === 0 || objects.length > 1000) throw malformedXml()
  const quiet = childText(content, 'Quiet') === 'true'
  const keys = objects.map((object) => {
    const key = childText(object, 'Key')
    if (key === undefined || key === '') throw malformedXml()
    return { key, version: childText(object, 'VersionId'), etag: childText(object, 'ETag') }
  })
  const removed: Segment[] = []
  const results = store.catalog.transaction(() =>
    keys.map(({ key, version, etag }): Fields => {
      if (version !== undefined && version !== 'null') {
        return [failure(key, 'NoSuchVersion', 'The specified version does not exist.')]
      }
      const found = store.catalog.object(bucket, key)
      if (found && etag !== undefined && etag !== '*' && etag.replaceAll('"', '') !== found.etag) {
        return [failure(key, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold')]
      }
      if (found) {
        store.catalog.removeObject(bucket, key)
        removed.push(...found.segments)
      }
      return quiet
        ? []
        : [
            [
              'Deleted',
              [
                ['Key', key],
                ['VersionId', version],
              ],
            ],
          ]
    }),
  )
  // After the transaction: the catalog must never name a file that is gone.
  store.content.remove(removed)
  return xmlAnswer(document('DeleteResult', results.flat()))
}

function failure(key: string, code: string, message: string) {
  return [
    'Error',
    [
      ['Key', key],
      ['Code', code],
      ['Message', message],
    ],
  ] as const
}
