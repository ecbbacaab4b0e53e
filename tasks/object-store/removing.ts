import type { Ask } from './asking.ts'
import { checksumHeader, crc32 } from './bulk.ts'
import { documentOf } from './listing.ts'
import { children, childText, document } from './xml.ts'

export interface NotRemoved {
  readonly key: string
  readonly code: string
  readonly message: string
}

/** Removes up to a thousand objects in one request; returns those that the server keeps, and why. */
export async function removeSome(
  ask: Ask,
  bucket: string,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<readonly NotRemoved[]> {
  const objects = keys.map((key) => ['Object', [['Key', key]]] as const)
  const body = document('Delete', [...objects, ['Quiet', true]])
  const headers = {
    'content-type': 'application/xml',
    'x-amz-sdk-checksum-algorithm': 'CRC32',
    [checksumHeader]: crc32(body),
  }
  const answer = await ask({ method: 'POST', bucket, query: { delete: '' }, headers, body }, signal)
  const text = await answer.text()
  // Where none is kept, some answer with nothing at all.
  const content = text === '' ? undefined : documentOf(text).DeleteResult
  return children(content, 'Error').map((error) => ({
    key: childText(error, 'Key') ?? '',
    code: childText(error, 'Code') ?? '',
    message: childText(error, 'Message') ?? '',
  }))
}
