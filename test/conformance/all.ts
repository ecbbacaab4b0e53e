import type { Check } from './check.ts'
import { attributes } from './checks/attributes.ts'
import { batchDelete } from './checks/batch-delete.ts'
import { buckets } from './checks/buckets.ts'
import { checksums, contentMd5, trailers } from './checks/checksums.ts'
import { chunked } from './checks/chunked.ts'
import { concurrency } from './checks/concurrency.ts'
import { conditionalReads, conditionalWrites } from './checks/conditions.ts'
import { copies } from './checks/copy.ts'
import { errors } from './checks/errors.ts'
import { headers } from './checks/headers.ts'
import { keys } from './checks/keys.ts'
import { listing } from './checks/listing.ts'
import { listingV1 } from './checks/listing-v1.ts'
import { multipart } from './checks/multipart.ts'
import { objects } from './checks/objects.ts'
import { presigned } from './checks/presigned.ts'
import { ranges } from './checks/ranges.ts'
import { signatures } from './checks/signatures.ts'
import { versions } from './checks/versions.ts'
import { virtualHost } from './checks/virtual-host.ts'

/** What Assay's clients, and its users', may expect of an S3; written from AWS's documentation of the API. */
export const checks: readonly Check[] = [
  ...[buckets, objects, headers, ranges, conditionalReads, conditionalWrites, listing, listingV1].flat(),
  ...[multipart, copies, batchDelete, attributes, versions, presigned, signatures, chunked].flat(),
  ...[checksums, trailers, contentMd5, errors, keys, concurrency, virtualHost].flat(),
]
