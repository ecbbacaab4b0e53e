import * as v from 'valibot'
import type { WorkContext } from '../../lib/index.ts'
import type { Box } from '../images/boxes.ts'
import type { Dimensions } from '../images/sizes.ts'
import type { StageStore } from './black-box.ts'
import type { StageReport } from './evidence.ts'
import { parseS3Uri } from './uri.ts'

/** Images in a bucket, ready for a stage to read. */
export const SourceImages = v.object({
  bucket: v.string(),
  /** Empty, or ends in `/`. */
  prefix: v.string(),
  keys: v.array(v.string()),
  /** Of the images alone, without the boxes beside them. */
  bytes: v.number(),
})
export type SourceImages = v.InferOutput<typeof SourceImages>

/**
 * Puts the images of `folder`, or drawn samples when it is empty, under a prefix of the run's own, each with the labelled
 * boxes that are known of it beside it. Throws a Problem for a folder that holds no image, or one that does not decode, before
 * anything is written.
 */
export async function uploadImages(store: StageStore, folder: string, context: WorkContext): Promise<SourceImages> {
  return upload(store, 'raw', folder === '' ? await drawn() : await found(folder, context), context)
}

export interface InputMix {
  /** A folder of images to choose from; empty: they are drawn. */
  readonly images: string
  /** Of those that are drawn. */
  readonly resolutions: readonly Dimensions[]
  readonly count: number
}

/** Puts a mix of images where stage 2 reads. Throws as `uploadImages` does. */
export async function uploadMix(
  store: StageStore,
  { images, resolutions, count }: InputMix,
  context: WorkContext,
): Promise<SourceImages> {
  const { drawMix } = await import('../images/mix.ts')
  const sources = images === '' ? drawMix(resolutions, count) : await found(images, context, count)
  return upload(store, 'augmented', sources, context)
}

interface Upload {
  readonly path: string
  readonly boxes?: readonly Box[]
  read(): Promise<Uint8Array>
}

async function upload(
  store: StageStore,
  role: 'raw' | 'augmented',
  sources: readonly Upload[],
  context: WorkContext,
): Promise<SourceImages> {
  const { boxesSuffix } = await import('./stage/augment-stage.ts')
  const bucket = store.bucket(role)
  const prefix = `${store.prefix}${role}/`
  let bytes = 0
  const keys: string[] = []
  for (const { path, boxes = [], read } of sources) {
    context.signal.throwIfAborted()
    const key = prefix + path
    const image = await read()
    // The boxes first: a stage that is polling takes an image as soon as it sees it.
    if (boxes.length > 0) await store.s3.put(bucket, key + boxesSuffix, JSON.stringify(boxes), 'application/json')
    await store.s3.put(bucket, key, image)
    keys.push(key)
    bytes += image.length
    context.progress(`${keys.length} of ${sources.length} images, ${(bytes / 1e6).toFixed(1)} MB`)
  }
  context.progress(`${keys.length === 1 ? '1 image' : `${keys.length} images`}, ${(bytes / 1e6).toFixed(1)} MB`)
  return { bucket, prefix, keys, bytes }
}

async function drawn() {
  const { drawSamples } = await import('../images/samples.ts')
  return (await drawSamples()).map(({ path, bytes, boxes }) => ({ path, boxes, read: async () => bytes }))
}

async function found(folder: string, { signal, progress }: WorkContext, count?: number) {
  const { listImages } = await import('../images/folder.ts')
  const { inspect } = await import('../images/inspect.ts')
  const { chooseMix } = await import('../images/mix.ts')
  const all = await listImages(folder)
  const images = count === undefined ? all : chooseMix(all, count)
  for (const [index, { path, absolute }] of images.entries()) {
    signal.throwIfAborted()
    progress(`${index + 1} of ${images.length} images read`)
    await inspect(await Bun.file(absolute).bytes(), path, 'use images')
  }
  return images.map(({ path, absolute, boxes }) => ({ path, boxes, read: () => Bun.file(absolute).bytes() }))
}

/** Whether every one of the uploaded images is where it was put. */
export async function imagesStillThere(store: StageStore, { bucket, prefix, keys }: SourceImages): Promise<boolean> {
  const there = new Set((await store.s3.list(bucket, prefix)).map(({ key }) => key))
  return keys.every((key) => there.has(key))
}

/** Whether every object that a stage was seen to write is still there, with as many bytes. */
export async function outputsStillThere(store: StageStore, { output, outputs }: StageReport): Promise<boolean> {
  const there = new Map((await store.s3.list(output.bucket, output.prefix)).map(({ key, size }) => [key, size]))
  return outputs.every(({ uri, bytes }) => there.get(parseS3Uri(uri).key) === bytes)
}
