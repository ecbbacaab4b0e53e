import { addressOf } from './address.ts'
import { objectAttributes } from './attributes.ts'
import { deleteObjects } from './batch-delete.ts'
import { bucketLocation, bucketVersioning, createBucket, deleteBucket, headBucket, listBuckets } from './buckets.ts'
import { completeUpload } from './complete.ts'
import { copyObject, uploadPartCopy } from './copy.ts'
import { type Answer, headerValue, parameter, type S3Request } from './exchange.ts'
import { listObjectsV1, listObjectsV2, listObjectVersions } from './listing.ts'
import { abortUpload, createUpload, listParts, listUploads, uploadPart } from './multipart.ts'
import { deleteObject, getObject, putObject } from './objects.ts'
import { S3Error } from './s3-error.ts'
import { verifySignature } from './signature.ts'
import { existingBucket, type Operation, type Store } from './store.ts'
import { deleteTagging, getTagging, putTagging } from './tagging.ts'

/** Answers one request: signature first, then the bucket, then the operation. Throws S3Errors. */
export async function answer(store: Store, incoming: S3Request): Promise<Answer> {
  const signed = verifySignature(incoming, store.credentials, Date.now())
  const request = withHoistedHeaders(incoming)
  const { bucket, key } = addressOf(request.path, request.headers.host ?? '')
  const call = { store, request, signed, bucket: bucket ?? '', key: key ?? '' }
  if (bucket === undefined) return choose(serviceOperations, request)(call)
  if (key === undefined) {
    const operation = choose(bucketOperations, request)
    if (operation !== createBucket) existingBucket(store, bucket)
    return operation(call)
  }
  refuseUnsupported(request)
  const operation = choose(objectOperations, request)
  existingBucket(store, bucket)
  return operation(call)
}

/** Presigning moves headers into the URL, where they mean the same. */
function withHoistedHeaders(request: S3Request): S3Request {
  if (!('X-Amz-Signature' in request.query)) return request
  const headers: Record<string, string> = {}
  for (const [name, [value]] of Object.entries(request.query)) {
    if (/^x-amz-/i.test(name) && value !== undefined) headers[name.toLowerCase()] = headerValue(name, value)
  }
  return { ...request, headers: { ...headers, ...request.headers } }
}

/** By method; within it by the parameter that names the operation, the empty one being the plain request. */
type Operations = Readonly<Record<string, Readonly<Record<string, Operation>>>>

const serviceOperations: Operations = { GET: { '': listBuckets } }

const bucketOperations: Operations = {
  GET: {
    '': listObjectsV1,
    'list-type': (call) => (parameter(call.request, 'list-type') === '2' ? listObjectsV2(call) : listObjectsV1(call)),
    location: bucketLocation,
    versioning: bucketVersioning,
    versions: listObjectVersions,
    uploads: listUploads,
  },
  HEAD: { '': headBucket },
  PUT: { '': createBucket },
  DELETE: { '': deleteBucket },
  POST: { delete: deleteObjects },
}

const objectOperations: Operations = {
  GET: { '': getObject, uploadId: listParts, attributes: objectAttributes, tagging: getTagging },
  HEAD: { '': getObject },
  PUT: {
    '': (call) => (isCopy(call.request) ? copyObject(call) : putObject(call)),
    uploadId: (call) => (isCopy(call.request) ? uploadPartCopy(call) : uploadPart(call)),
    tagging: putTagging,
  },
  DELETE: { '': deleteObject, uploadId: abortUpload, tagging: deleteTagging },
  POST: { uploads: createUpload, uploadId: completeUpload },
}

/** Parameters that name an operation of S3 which this store doesn't have. */
const elsewhere = [
  'accelerate',
  'acl',
  'analytics',
  'append',
  'cors',
  'encryption',
  'intelligent-tiering',
  'inventory',
  'legal-hold',
  'lifecycle',
  'logging',
  'metadataTable',
  'metrics',
  'notification',
  'object-lock',
  'ownershipControls',
  'policy',
  'policyStatus',
  'publicAccessBlock',
  'renameObject',
  'replication',
  'requestPayment',
  'restore',
  'retention',
  'select',
  'session',
  'torrent',
  'website',
]

function choose(operations: Operations, request: S3Request): Operation {
  const foreign = elsewhere.find((name) => name in request.query)
  if (foreign) throw notImplemented(foreign)
  const ofMethod = operations[request.method]
  if (!ofMethod) throw new S3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.')
  const named = Object.keys(ofMethod).find((name) => name !== '' && name in request.query)
  const other = subresources.find((name) => name in request.query && name !== named)
  if (named === undefined && other !== undefined) throw notImplemented(other)
  const operation = ofMethod[named ?? '']
  if (!operation) throw new S3Error('MethodNotAllowed', 'The specified method is not allowed against this resource.')
  return operation
}

const subresources = ['attributes', 'delete', 'location', 'tagging', 'uploads', 'uploadId', 'versioning', 'versions']

function isCopy(request: S3Request): boolean {
  return request.headers['x-amz-copy-source'] !== undefined
}

/** Asking for what would silently not be done (encryption, locks, grants) is refused. */
function refuseUnsupported({ headers }: S3Request): void {
  const refused = Object.keys(headers).find(
    (name) =>
      name.startsWith('x-amz-server-side-encryption') ||
      name.startsWith('x-amz-object-lock') ||
      name.startsWith('x-amz-grant-') ||
      name === 'x-amz-website-redirect-location' ||
      name === 'x-amz-write-offset-bytes',
  )
  if (refused) throw notImplemented(refused)
  const acl = headers['x-amz-acl']
  if (acl?.startsWith('public') || acl === 'authenticated-read') throw notImplemented(`x-amz-acl: ${acl}`)
}

function notImplemented(what: string): S3Error {
  const message = 'A header or parameter you provided implies functionality that is not implemented'
  return new S3Error('NotImplemented', message, { Header: what })
}
