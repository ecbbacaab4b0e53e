import { S3Error } from './s3-error.ts'

/** What a request is about, path style (`/bucket/key`) or virtual-host style (`bucket.localhost`). */
export interface Address {
  readonly bucket: string | undefined
  readonly key: string | undefined
}

export function addressOf(path: string, host: string): Address {
  const decoded = decodePath(path).slice(1)
  const name = host.replace(/:\d+$/, '').toLowerCase()
  if (name.endsWith('.localhost')) return { bucket: name.slice(0, -'.localhost'.length), key: keyOf(decoded) }
  const slash = decoded.indexOf('/')
  if (slash === -1) return { bucket: decoded === '' ? undefined : decoded, key: undefined }
  return { bucket: decoded.slice(0, slash), key: keyOf(decoded.slice(slash + 1)) }
}

function keyOf(text: string): string | undefined {
  if (text === '') return undefined
  checkKey(text)
  return text
}

/** Every name is allowed that S3 allows: keys are never file names here, so `..` and `/` mean nothing. */
export function checkKey(key: string): void {
  if (key.includes('\0')) throw new S3Error('InvalidURI', "Couldn't parse the specified URI.", { URI: key })
  const size = Buffer.byteLength(key)
  if (size > 1024) {
    throw new S3Error('KeyTooLongError', 'Your key is too long', { Size: String(size), MaxSizeAllowed: '1024' })
  }
}

/** Rejects percent signs that encode nothing and bytes that aren't UTF-8. */
export function decodePath(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw new S3Error('InvalidURI', "Couldn't parse the specified URI.", { URI: path })
  }
}

const reservedStart = ['xn--', 'sthree-', 'amzn-s3-demo-']
const reservedEnd = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3']

/** S3's rules for the names of general purpose buckets. */
export function isBucketName(name: string): boolean {
  return (
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !name.includes('..') &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name) &&
    !reservedStart.some((start) => name.startsWith(start)) &&
    !reservedEnd.some((end) => name.endsWith(end))
  )
}
