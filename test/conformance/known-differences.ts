import type { KnownDifferences } from './suite.ts'

const all = (why: string, ...ids: readonly string[]): KnownDifferences => Object.fromEntries(ids.map((id) => [id, why]))

const folders = 'keys are paths of its file system'

/** RustFS 1.0.1. */
export const rustfs: KnownDifferences = {
  ...all(
    folders,
    'keys · slashes side by side are part of the key',
    'keys · a slash at the start is part of the key',
    'keys · dot segments are part of the key',
    'keys · a name longer than a file name may be',
  ),
  ...all(
    'answers InternalError to a wrong chunk',
    'aws-chunked · a chunk with another signature is SignatureDoesNotMatch',
    'aws-chunked · a later chunk with another signature is SignatureDoesNotMatch',
    'aws-chunked · a signed chunk whose bytes were changed is SignatureDoesNotMatch',
    'aws-chunked · a signed trailer with another signature is SignatureDoesNotMatch',
    'aws-chunked · a chunk without a size is refused',
  ),
  ...all(
    'refused, but as BadDigest',
    'signatures · a body that is not the one hashed is XAmzContentSHA256Mismatch',
    'signatures · a body changed on the way is XAmzContentSHA256Mismatch',
    'checksums · a checksum of the wrong length is InvalidRequest',
    'checksums · a checksum that is not base64 is InvalidRequest',
    'checksums · two checksums are InvalidRequest',
    'Content-MD5 · what is no MD5 is InvalidDigest',
  ),
  ...all(
    'does not look at Content-MD5 here',
    'batch delete · a list without Content-MD5 or checksum is refused',
    'batch delete · a list with another Content-MD5 is BadDigest',
  ),
  'checksums in trailers · a presigned checksum of nothing is BadDigest for something':
    'takes no checksum from the query',
  'buckets and naming · a bucket made by the SDK answers where it is': 'answers no Location',
  'metadata and headers · Expires is kept': 'does not answer Expires',
  'metadata and headers · 2 KB of metadata are kept, more is MetadataTooLarge': 'takes any amount',
  'ranges · HEAD with a range answers its length': 'HEAD ignores ranges',
  'ranges · a range that cannot be read is ignored': 'refuses it as InvalidArgument',
  'listing v1 · an entry names its owner': 'names no owner',
  'multipart · a single part can be read': 'HEAD ignores the part number',
  'copy · a source modified since is PreconditionFailed': 'ignores the date',
  'batch delete · quiet names no key that went': 'ignores Quiet',
  'batch delete · more than a thousand keys are MalformedXML': 'refused, but as InvalidArgument',
  'object attributes · an attribute that there is not is InvalidArgument': 'ignores it',
  'signatures · a header signed for another region is AuthorizationHeaderMalformed': 'takes any region',
  'signatures · an Authorization without a signature is AuthorizationHeaderMalformed': 'refused, but as AccessDenied',
  'signatures · a hash that is none is refused': 'refused, but as SignatureDoesNotMatch',
  'errors · an error is XML with code, message and request id': 'no request id in the XML',
  'errors · a method that objects do not have is MethodNotAllowed': 'refused, but as NotImplemented',
}

/** versitygw 1.8.0 over a POSIX folder. */
export const versitygw: KnownDifferences = {
  ...all(
    folders,
    'keys · a key and keys below it',
    'keys · a slash at the end is part of the key',
    'keys · slashes side by side are part of the key',
    'keys · a slash at the start is part of the key',
    'keys · dot segments are part of the key',
    'keys · a name longer than a file name may be',
    'keys · a key of 1025 bytes is KeyTooLongError',
  ),
  ...all(
    'compares dates below the second, which a header cannot say',
    'conditional reads · If-Modified-Since the time it was modified is 304',
    'conditional reads · If-Unmodified-Since the time it was modified reads',
  ),
  ...all(
    'does not judge the list of a batch delete as XML',
    'batch delete · more than a thousand keys are MalformedXML',
    'batch delete · XML that breaks off is MalformedXML',
    'batch delete · a list of nothing is MalformedXML',
  ),
  ...all(
    'refuses attributes with a space after the comma',
    'object attributes · what is asked for is answered, the ETag without quotes',
    'object attributes · a space after the comma is no matter',
  ),
  'checksums in trailers · a presigned checksum of nothing is BadDigest for something':
    'takes no checksum from the query',
  'object attributes · the number of parts is answered': 'not counted for parts without a checksum',
  'checksums · parts may carry checksums that were not declared at creation':
    'InvalidPart when no algorithm was declared',
  'buckets and naming · a name with two dots side by side is refused': 'takes it',
  'conditional reads · a 304 carries the ETag': 'answers a 304 without headers',
  'listing v2 · encoding-type url encodes keys, prefixes and what is echoed': 'ignores encoding-type',
  'listing v2 · a token outweighs start-after': 'start-after wins',
  'copy · a source whose ETag was ruled out is PreconditionFailed': 'answers 304',
  'concurrency · a reader sees one whole version, whoever writes': {
    sometimes: 'the ETag of one version comes with the bytes of another',
  },
  'concurrency · removals beside puts touch no other key': {
    sometimes: 'a folder that a removal empties is in the way of a put into it',
  },
  'batch delete · quiet names no key that went': 'ignores Quiet',
  'versions · versions come in pages': 'repeats the last key of a page',
  'presigned · a URL from the future is not valid yet': 'takes it',
  'signatures · an unknown access key is InvalidAccessKeyId': 'answers 404 XAdminUserNotFound',
  'aws-chunked · aws-chunked is no part of the stored Content-Encoding': 'stores it',
}

/** What is known of the server that listens there, going by how it names itself. */
export async function knownAt(url: string): Promise<KnownDifferences> {
  const health = await fetch(new URL('/health', url)).catch(() => undefined)
  if (health?.headers.get('server') === 'VERSITYGW') return versitygw
  const text = await health?.text()
  return text?.includes('rustfs') ? rustfs : {}
}
