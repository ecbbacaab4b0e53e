import { join } from 'node:path'
import * as v from 'valibot'
import type { PutEvent } from './server/access-record.ts'

const Event = v.object({
  operation: v.picklist(['PutObject', 'CompleteMultipartUpload']),
  bucket: v.string(),
  key: v.string(),
  bytes: v.number(),
  arrived: v.number(),
  visible: v.number(),
})

/**
 * Reads what the embedded store in `folder` recorded of every put, in the order in which they became visible; from any process, also while the store runs.
 * An object whose put has been answered is in it.
 */
export async function putEvents(folder: string): Promise<readonly PutEvent[]> {
  const file = Bun.file(join(folder, 'requests.jsonl'))
  if (!(await file.exists())) return []
  const lines = (await file.text()).split('\n')
  // What stands behind the last line end is nothing, or a line that a killed store could not finish.
  return lines.slice(0, -1).flatMap((line) => {
    const event = v.safeParse(Event, parsed(line))
    return event.success ? [event.output] : []
  })
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    // A torn line that a later start wrote behind.
    return undefined
  }
}
