import type { StoredObject } from './catalog.ts'
import type { S3Request } from './exchange.ts'
import { S3Error } from './s3-error.ts'

/** Whether a get or head is to answer 304; throws PreconditionFailed where S3 answers 412. */
export function isNotModified(request: S3Request, object: StoredObject): boolean {
  const { headers } = request
  const match = headers['if-match']
  if (match !== undefined) {
    if (!matches(match, object)) throw failed('If-Match')
  } else if (changedSince(headers['if-unmodified-since'], object) === true) throw failed('If-Unmodified-Since')
  const noneMatch = headers['if-none-match']
  if (noneMatch !== undefined) return matches(noneMatch, object)
  return changedSince(headers['if-modified-since'], object) === false
}

/** Throws unless a put may take the place of `before`, as its If-Match or If-None-Match says. */
export function checkPut(request: S3Request, before: StoredObject | undefined): void {
  const noneMatch = request.headers['if-none-match']
  const match = request.headers['if-match']
  if (noneMatch !== undefined) {
    if (noneMatch.trim() !== '*' || match !== undefined) {
      const message = 'A header you provided implies functionality that is not implemented'
      throw new S3Error('NotImplemented', message, { Header: 'If-None-Match' })
    }
    if (before) throw failed('If-None-Match')
  }
  if (match === undefined) return
  if (!before) throw new S3Error('NoSuchKey', 'The specified key does not exist.')
  if (!matches(match, before)) throw failed('If-Match')
}

/** Throws unless the source of a copy is as `x-amz-copy-source-if-*` asks. */
export function checkCopySource({ headers }: S3Request, source: StoredObject): void {
  const name = 'x-amz-copy-source-if-'
  const [match, noneMatch] = [headers[`${name}match`], headers[`${name}none-match`]]
  if (match !== undefined) {
    if (!matches(match, source)) throw failed(`${name}match`)
  } else if (changedSince(headers[`${name}unmodified-since`], source) === true) throw failed(`${name}unmodified-since`)
  if (noneMatch !== undefined) {
    if (matches(noneMatch, source)) throw failed(`${name}none-match`)
  } else if (changedSince(headers[`${name}modified-since`], source) === false) throw failed(`${name}modified-since`)
}

function matches(list: string, { etag }: StoredObject): boolean {
  return list.split(',').some((entry) => {
    const tag = entry.trim().replace(/^W\//, '')
    return tag === '*' || tag === etag || tag === `"${etag}"`
  })
}

/** Undefined when there is no such condition, or none that is a date: HTTP says to ignore it then. */
function changedSince(date: string | undefined, { modified }: StoredObject): boolean | undefined {
  const time = Date.parse(date ?? '')
  return Number.isNaN(time) ? undefined : Math.floor(modified / 1000) > Math.floor(time / 1000)
}

function failed(condition: string): S3Error {
  const message = 'At least one of the pre-conditions you specified did not hold'
  return new S3Error('PreconditionFailed', message, { Condition: condition })
}
