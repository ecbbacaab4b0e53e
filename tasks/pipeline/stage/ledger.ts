import * as v from 'valibot'
import { cannot, messageOf } from '../../../lib/index.ts'
import type { S3 } from '../../object-store/client.ts'
import {
  manifestKey,
  manifestPrefix,
  parseManifest,
  Stage1Object,
  Stage2Object,
  type StageNumber,
  writeManifest,
} from '../manifest.ts'
import { s3Uri } from '../uri.ts'
import { forEachBounded } from './bounded.ts'
import { type Source, workId } from './source.ts'

/** What became of one version of one image. */
const FailedSource = v.looseObject({
  source_uri: v.string(),
  source_etag: v.string(),
  recipe: v.string(),
  reason: v.string(),
})
const Mark = v.variant('outcome', [
  v.object({ outcome: v.literal('done'), objects: v.array(v.union([Stage1Object, Stage2Object])) }),
  v.object({ outcome: v.literal('failed'), failed: FailedSource }),
])
export type Mark = v.InferOutput<typeof Mark>
export type FailedSource = v.InferOutput<typeof FailedSource>

export type Standing = 'new' | 'done' | 'failed'

/**
 * What the manifest store knows as processed. A mark is written for each image the moment all its outputs are stored; the manifest
 * of the pass takes the marks over, and they are removed. Whatever is killed when, the marks that no manifest took over are found
 * by the next start and published by its next manifest, so that the union of manifests names each output once:
 *
 *     outputs → mark → … → manifest of the pass → marks removed
 *       ↑ killed: done again, same bytes
 *                 ↑ killed: the next start publishes the mark
 *                                       ↑ killed: the next start removes the marks
 *
 * One instance of a stage at a time for a data set; the next may start as soon as it is gone.
 */
export interface Ledger {
  standing(source: Source): Standing
  mark(source: Source, mark: Mark): Promise<void>
  /** Reads manifests that came since the last time. */
  refresh(): Promise<void>
  /** Writes a manifest of every mark since the last one; its URI and number of objects, or nothing when there is no mark. */
  publish(
    metadata: Readonly<Record<string, unknown>>,
  ): Promise<{ readonly uri: string; readonly objects: number } | undefined>
  /** Marks that an earlier run left and the next manifest will take over. */
  readonly recovered: number
}

/** Throws a Problem when a manifest or a mark can't be read: what is processed would not be known. */
export async function openLedger(s3: S3, bucket: string, dataset: string, stage: StageNumber): Promise<Ledger> {
  const manifests = manifestPrefix(dataset, stage)
  const marks = `marks/${dataset}/stage_${stage}/`
  const read = new Set<string>()
  const standings = new Map<string, Standing>()
  // Sources of manifests that don't say which version they mean, as another program writes them: done whatever their version.
  const doneWhole = new Set<string>()
  const pending = new Map<string, Mark>()
  // Of the manifests so far, in milliseconds since 1970: a later one supersedes, also when the clock was set back since.
  let latest = 0

  const absorb = (source_uri: string, etag: unknown, recipe: unknown, standing: Standing) => {
    if (typeof etag === 'string' && typeof recipe === 'string') {
      standings.set(workId(source_uri, etag, recipe), standing)
    } else doneWhole.add(source_uri)
  }
  const refresh = async () => {
    const keys = (await s3.list(bucket, manifests)).map(({ key }) => key)
    const unread = keys.filter((key) => key.endsWith('.json') && !read.has(key))
    await forEachBounded(unread, 8, async (key) => {
      const manifest = parseManifest(stage, text(await s3.get(bucket, key)), s3Uri(bucket, key))
      for (const object of manifest.objects) absorb(object.source_uri, object.source_etag, object.recipe, 'done')
      const failed = v.safeParse(v.optional(v.array(FailedSource), []), manifest.metadata.failed)
      for (const one of failed.success ? failed.output : []) {
        absorb(one.source_uri, one.source_etag, one.recipe, 'failed')
      }
      const written = Date.parse(manifest.timestamp)
      // No number where another program's notation is not one that JavaScript reads.
      if (written > latest) latest = written
      read.add(key)
    })
    // A manifest whose write was answered too late for us to hear is in the store all the same.
    for (const id of pending.keys()) if (standings.has(id)) pending.delete(id)
  }

  await refresh()
  const left = await s3.list(bucket, marks)
  const idOf = (key: string) => key.slice(marks.length).replace(/\.json$/, '')
  const published = left.filter(({ key }) => standings.has(idOf(key)))
  if (published.length > 0)
    await s3.remove(
      bucket,
      published.map(({ key }) => key),
    )
  await forEachBounded(left, 8, async ({ key }) => {
    const id = idOf(key)
    if (standings.has(id)) return
    const mark = parseMark(text(await s3.get(bucket, key)), s3Uri(bucket, key))
    pending.set(id, mark)
  })

  return {
    recovered: pending.size,
    refresh,
    standing: ({ id, uri }) => standings.get(id) ?? pending.get(id)?.outcome ?? (doneWhole.has(uri) ? 'done' : 'new'),
    async mark({ id }, mark) {
      // What removes marks loads while there are images to work on.
      s3.control().catch(() => {})
      await s3.put(bucket, `${marks}${id}.json`, JSON.stringify(mark), 'application/json')
      pending.set(id, mark)
    },
    async publish(metadata) {
      if (pending.size === 0) return undefined
      const taken = new Map(pending)
      const entries = [...taken.values()]
      const objects = entries
        .flatMap((mark) => (mark.outcome === 'done' ? mark.objects : []))
        // Images end in any order; what a manifest says shouldn't depend on it.
        .sort((a, b) => (a.output_uri < b.output_uri ? -1 : 1))
      const failed = entries
        .flatMap((mark) => (mark.outcome === 'failed' ? [mark.failed] : []))
        .sort((a, b) => (a.source_uri < b.source_uri ? -1 : 1))
      const body = (at: Date) =>
        writeManifest({
          dataset_id: dataset,
          stage,
          timestamp: at.toISOString(),
          object_count: objects.length,
          objects,
          metadata: { ...metadata, failed },
        })
      const key = await writeNew(body)
      read.add(key)
      for (const [id, mark] of taken) {
        standings.set(id, mark.outcome)
        pending.delete(id)
      }
      await s3.remove(
        bucket,
        [...taken.keys()].map((id) => `${marks}${id}.json`),
      )
      return { uri: s3Uri(bucket, key), objects: objects.length }
    },
  }

  /** Two manifests of one millisecond must not share a name: the later one takes the next that is free, and one behind all others. */
  async function writeNew(body: (at: Date) => string): Promise<string> {
    for (let at = new Date(Math.max(Date.now(), latest + 1)); ; at = new Date(at.getTime() + 1)) {
      const key = manifestKey(dataset, stage, at)
      if (!(await s3.putNew(bucket, key, body(at), 'application/json'))) continue
      latest = at.getTime()
      return key
    }
  }
}

function parseMark(content: string, where: string): Mark {
  try {
    return v.parse(Mark, JSON.parse(content))
  } catch (error) {
    const next = 'Remove it, and the image is done again.'
    throw cannot(
      `read the mark ${where}`,
      'content',
      `a mark of ours (${messageOf(error)})`,
      content.slice(0, 80),
      next,
    )
  }
}

const decoder = new TextDecoder()
const text = (bytes: Uint8Array) => decoder.decode(bytes)
