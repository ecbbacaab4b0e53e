import { messageOf, Problem } from '../../../lib/index.ts'
import type { S3 } from '../../object-store/client.ts'
import { s3Uri } from '../uri.ts'
import { type Budget, type Limiter, limiter } from './bounded.ts'
import type { MadeImage, StageDefinition, StagedSource, StageObject } from './definition.ts'
import { sha256 } from './digest.ts'
import type { LocalDisk } from './local-disk.ts'
import type { FileFacts, StageLog } from './log.ts'
import type { Source } from './source.ts'

/** What one image's work needs; the same for all images of a run. */
export interface Workshop {
  readonly definition: StageDefinition
  readonly s3: S3
  readonly inputBucket: string
  readonly outputBucket: string
  readonly outputPrefix: string
  readonly disk: LocalDisk
  readonly log: StageLog
  readonly signal: AbortSignal
  /** One slot a core: only decoding and encoding wait for it, so staging and uploads of other images go on beside them. */
  readonly processing: Limiter
  /** Bytes of sources on their way to local disk, which are held in memory meanwhile. */
  readonly staging: Budget
}

export type ImageResult =
  | { readonly outcome: 'done'; readonly objects: readonly StageObject[]; readonly bytes: number }
  /** `lasting`: the image itself is at fault and will be so next time. Otherwise the store or the disk is, and the next pass tries again. */
  | { readonly outcome: 'failed'; readonly reason: string; readonly lasting: boolean }
  | { readonly outcome: 'abandoned' }

/** Past this a source is refused: it is held in memory once while it is staged. */
const largestSource = 512 * 2 ** 20
const longestKey = 1024
const uploadsPerImage = 4

/** Stages one image, makes what the stage makes of it and uploads that. Never rejects. */
export async function processImage(source: Source, shop: Workshop): Promise<ImageResult> {
  const held: { path: string; bytes: number }[] = []
  let lasting = true
  try {
    if (source.size > largestSource) throw new Problem(`it has ${source.size} bytes, more than ${largestSource}`)
    lasting = false
    const staged = await stageSource(source, shop, held)
    const made = await shop.processing(async () => {
      if (shop.signal.aborted) return undefined
      lasting = true
      return shop.definition.make(staged)
    })
    if (made === undefined) return { outcome: 'abandoned' }
    checkKeys(made, shop)
    lasting = false
    const upload = limiter(uploadsPerImage)
    const stored = await Promise.all(made.map((image) => upload(() => store(image, source, shop, held))))
    return { outcome: 'done', objects: stored, bytes: made.reduce((sum, image) => sum + image.bytes.length, 0) }
  } catch (error) {
    return { outcome: 'failed', reason: messageOf(error), lasting }
  } finally {
    for (const { path, bytes } of held) await shop.disk.release(path, bytes)
  }
}

interface Held {
  push(file: { path: string; bytes: number }): void
}

async function stageSource(
  source: Source,
  { s3, inputBucket, disk, log, staging }: Workshop,
  held: Held,
): Promise<StagedSource> {
  const fetchTo = async (key: string) => {
    const bytes = await s3.get(inputBucket, key)
    const path = await disk.write('input', key, bytes)
    held.push({ path, bytes: bytes.length })
    log({ event: 'staged', ...facts(path, s3Uri(inputBucket, key), bytes) })
    return { path, bytes }
  }
  const { path } = await staging(source.size, () => fetchTo(source.key))
  const { relative, uri } = source
  if (source.sidecar === undefined) return { path, relative, uri }
  const { bytes } = await fetchTo(source.sidecar)
  const suffix = source.sidecar.slice(source.key.length)
  return { path, relative, uri, sidecar: { suffix, text: new TextDecoder().decode(bytes) } }
}

/** The companion goes first: who sees the image, sees what belongs to it. */
async function store(image: MadeImage, source: Source, shop: Workshop, held: Held): Promise<StageObject> {
  const { companion } = image
  if (companion) {
    await put(companion.relative, new TextEncoder().encode(companion.text), 'application/json', shop, held)
  }
  const output_uri = await put(image.relative, image.bytes, image.type, shop, held)
  return {
    ...image.describe({ source_uri: source.uri, output_uri }),
    source_etag: source.etag,
    recipe: shop.definition.recipe,
  }
}

async function put(relative: string, bytes: Uint8Array, type: string, shop: Workshop, held: Held): Promise<string> {
  const { s3, outputBucket, outputPrefix, disk, log } = shop
  const key = outputPrefix + relative
  const uri = s3Uri(outputBucket, key)
  const path = await disk.write('output', key, bytes)
  held.push({ path, bytes: bytes.length })
  const file = facts(path, uri, bytes)
  log({ event: 'written', ...file })
  const from = performance.now()
  await s3.put(outputBucket, key, bytes, type)
  log({ event: 'uploaded', ...file, seconds: (performance.now() - from) / 1000 })
  return uri
}

function facts(path: string, uri: string, bytes: Uint8Array): FileFacts {
  return { path, uri, bytes: bytes.length, sha256: sha256(bytes) }
}

function checkKeys(made: readonly MadeImage[], { outputPrefix }: Workshop): void {
  for (const { relative, companion } of made) {
    const key = outputPrefix + (companion?.relative ?? relative)
    const length = new TextEncoder().encode(key).length
    if (length > longestKey) throw new Problem(`its output's key would have ${length} bytes, more than ${longestKey}`)
  }
}
