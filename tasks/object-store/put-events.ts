import { join } from 'node:path'
import * as v from 'valibot'
import { type FaultKind, faultKinds } from './faults.ts'
import type { PutEvent } from './server/access-record.ts'

const Event = v.object({
  operation: v.picklist(['PutObject', 'CompleteMultipartUpload']),
  bucket: v.string(),
  key: v.string(),
  bytes: v.number(),
  arrived: v.number(),
  visible: v.number(),
})

const InjectedFault = v.object({ kind: v.picklist(faultKinds) })

/**
 * Reads what the embedded store in `folder` recorded of every put, in the order in which they became visible; from any process, also while the store runs.
 * An object whose put has been answered is in it.
 */
export function putEvents(folder: string): Promise<readonly PutEvent[]> {
  return eventsIn(join(folder, 'requests.jsonl'), Event)
}

/** How often the embedded store in `folder` has done what wrong, on purpose. */
export async function faultCounts(folder: string): Promise<ReadonlyMap<FaultKind, number>> {
  const counts = new Map<FaultKind, number>()
  for (const { kind } of await eventsIn(join(folder, 'faults.jsonl'), InjectedFault))
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}

async function eventsIn<T>(path: string, schema: v.GenericSchema<unknown, T>): Promise<readonly T[]> {
  const file = Bun.file(path)
  if (!(await file.exists())) return []
  const lines = (await file.text()).split('\n')
  // What stands behind the last line end is nothing, or a line that a killed store could not finish.
  return lines.slice(0, -1).flatMap((line) => {
    const event = v.safeParse(schema, parsed(line))
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
