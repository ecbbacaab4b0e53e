import { document } from '../xml.ts'

/** Every error code this store answers with, and its HTTP status. */
const statuses = {
  AccessDenied: 403,
  AuthorizationHeaderMalformed: 400,
  AuthorizationQueryParametersError: 400,
  BadDigest: 400,
  BucketAlreadyOwnedByYou: 409,
  BucketNotEmpty: 409,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  IllegalLocationConstraintException: 400,
  IncompleteBody: 400,
  InsufficientStorage: 507,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidBucketName: 400,
  InvalidDigest: 400,
  InvalidPart: 400,
  InvalidPartNumber: 416,
  InvalidPartOrder: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  InvalidTag: 400,
  InvalidURI: 400,
  KeyTooLongError: 400,
  MalformedXML: 400,
  MetadataTooLarge: 400,
  MethodNotAllowed: 405,
  MissingContentLength: 411,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NotImplemented: 501,
  PreconditionFailed: 412,
  RequestTimeTooSkewed: 403,
  SignatureDoesNotMatch: 403,
  SlowDown: 503,
  XAmzContentSHA256Mismatch: 400,
} as const

export type S3Code = keyof typeof statuses

/** Thrown anywhere below the router and answered as S3's error document. */
export class S3Error extends Error {
  readonly code: S3Code
  readonly status: number
  /** Further elements of the document, such as `BucketName`. */
  readonly extra: Readonly<Record<string, string>>
  constructor(code: S3Code, message: string, extra: Readonly<Record<string, string>> = {}) {
    super(message)
    this.code = code
    this.status = statuses[code]
    this.extra = extra
  }
}

export function errorDocument(error: S3Error, resource: string, requestId: string): string {
  return document('Error', [
    ['Code', error.code],
    ['Message', error.message],
    ...Object.entries(error.extra),
    ['Resource', resource],
    ['RequestId', requestId],
    ['HostId', 'assay'],
  ])
}
