import type { PutEvent, StageStore } from './black-box-start.ts'
import { s3Uri } from './uri.ts'

/** What a stage uploaded, and for how long at least one upload was under way; or why that can't be told. */
export type Uploads =
  | { readonly kind: 'seen'; readonly by: 'store' | 'log'; readonly bytes: number; readonly seconds: number }
  | { readonly kind: 'unseen'; readonly reason: string }

interface Upload {
  readonly uri: string
  readonly bytes: number
  /** Milliseconds since 1970. */
  readonly from: number
  readonly to: number
}

export interface UploadedBy {
  readonly store: Pick<StageStore, 'putEvents'>
  readonly output: { readonly bucket: string; readonly prefix: string }
  /** When the stage was started, in milliseconds since 1970. */
  readonly startedAt: number
  readonly objects: readonly { readonly key: string; readonly size: number }[]
  /** Of the stage's log. */
  readonly lines: readonly string[]
}

/**
 * The uploads of a stage by the store's own account, where it keeps one, else by the stage's log: JSON lines that give of each object its
 * URI, `bytes`, how many `seconds` its upload took, and in `time` when that had ended.
 */
export async function uploadsOf(seen: UploadedBy): Promise<Uploads> {
  const events = (await seen.store.putEvents?.())?.filter((event) => isOf(seen, event))
  if (events?.some(({ operation }) => operation !== 'PutObject'))
    return { kind: 'unseen', reason: 'it uploads in parts, of which the store keeps no account' }
  const by = events ? 'store' : 'log'
  const all = events?.map(accounted) ?? logged(seen)
  const byUri = new Map(all.map((upload) => [upload.uri, upload]))
  const untold = seen.objects.filter(({ key, size }) => byUri.get(s3Uri(seen.output.bucket, key))?.bytes !== size)
  if (untold.length > 0) {
    const log = 'its log does not say of every object how many bytes and seconds its upload took'
    const reason = events ? 'the store does not account for every object' : `the store keeps no account, and ${log}`
    return { kind: 'unseen', reason }
  }
  const bytes = all.reduce((sum, upload) => sum + upload.bytes, 0)
  const seconds = covered(all) / 1000
  if (!(seconds > 0))
    return { kind: 'unseen', reason: `by the ${by === 'store' ? "store's account" : 'log'} they took no time at all` }
  return { kind: 'seen', by, bytes, seconds }
}

function isOf({ output, startedAt }: UploadedBy, { bucket, key, arrived }: PutEvent): boolean {
  return bucket === output.bucket && key.startsWith(output.prefix) && arrived >= startedAt
}

function accounted({ bucket, key, bytes, arrived, visible }: PutEvent): Upload {
  return { uri: s3Uri(bucket, key), bytes, from: arrived, to: visible }
}

function logged({ output, lines }: UploadedBy): readonly Upload[] {
  const prefix = s3Uri(output.bucket, output.prefix)
  return lines.flatMap((line) => {
    const { uri, bytes, seconds, time } = fieldsOf(line)
    if (typeof uri !== 'string' || !uri.startsWith(prefix)) return []
    if (typeof bytes !== 'number' || typeof seconds !== 'number' || typeof time !== 'string') return []
    const to = Date.parse(time)
    return Number.isNaN(to) ? [] : [{ uri, bytes, from: to - seconds * 1000, to }]
  })
}

function fieldsOf(line: string): Readonly<Record<string, unknown>> {
  if (!line.startsWith('{')) return {}
  try {
    return JSON.parse(line)
  } catch {
    return {}
  }
}

/** Milliseconds in which at least one of them was under way. */
function covered(uploads: readonly Upload[]): number {
  let total = 0
  let until = Number.NEGATIVE_INFINITY
  for (const { from, to } of uploads.toSorted((a, b) => a.from - b.from)) {
    total += Math.max(0, to - Math.max(from, until))
    until = Math.max(until, to)
  }
  return total
}
