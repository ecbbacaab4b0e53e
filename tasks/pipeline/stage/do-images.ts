import { forEachBounded } from './bounded.ts'
import { processImage, type Workshop } from './image.ts'
import type { Ledger } from './ledger.ts'
import type { StageLog } from './log.ts'
import type { Source } from './source.ts'

/** Does each image and marks what became of it. Counts into `total` as it goes; into `postponed` go those that may be done another time. */
export async function doImages(
  sources: readonly Source[],
  atOnce: number,
  shop: Workshop,
  ledger: Ledger,
  total: { images: number; outputs: number; bytes: number; failed: number },
  postponed: { images: number; reason: string },
): Promise<void> {
  const progress = progressLog(shop.log, sources.length)
  await forEachBounded(untilAborted(sources, shop.signal), atOnce, async (source) => {
    const result = await processImage(source, shop)
    if (result.outcome === 'abandoned') return
    const { uri: source_uri, etag: source_etag } = source
    const { recipe } = shop.definition
    if (result.outcome === 'done') {
      await ledger.mark(source, { outcome: 'done', objects: [...result.objects] })
      total.images += 1
      total.outputs += result.objects.length
      total.bytes += result.bytes
    } else {
      const { reason, lasting } = result
      shop.log({ event: 'failed', uri: source_uri, reason, again: !lasting })
      if (lasting) await ledger.mark(source, { outcome: 'failed', failed: { source_uri, source_etag, recipe, reason } })
      else {
        postponed.images += 1
        postponed.reason = reason
      }
      total.failed += 1
    }
    progress()
  })
}

function* untilAborted<T>(items: Iterable<T>, signal: AbortSignal): Generator<T> {
  for (const item of items) {
    if (signal.aborted) return
    yield item
  }
}

/** One event a second at most, and the last. */
function progressLog(log: StageLog, of: number): () => void {
  let done = 0
  let said = performance.now()
  return () => {
    done += 1
    if (done < of && performance.now() - said < 1000) return
    said = performance.now()
    log({ event: 'progress', done, of })
  }
}
