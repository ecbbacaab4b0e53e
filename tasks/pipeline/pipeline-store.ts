import type { Service } from '../../lib/index.ts'
import type { Dimensions } from '../images/sizes.ts'
import { type ObjectStore, objectStore } from '../object-store/service.ts'
import { datasetOf } from './black-box-ground.ts'
import type { InputMix } from './source-images.ts'

/** The object store for a plan over stages 1 and 2, which says how much they will write where that is somebody's. */
export function pipelineStore(images: string, sizes: readonly unknown[]): Service<ObjectStore> {
  return storeWith(() => amount(images, sizes.length))
}

/** The object store for `rounds` of samples of stage 2 with 1, 2, 3 and 5 of these sizes. */
export function sampledStore(mix: InputMix, sizes: readonly Dimensions[], rounds: number): Service<ObjectStore> {
  // Tried twice with all, then one round to warm up.
  const variants = 2 * 5 + (1 + rounds) * (1 + 2 + 3 + 5)
  return storeWith(async () => {
    const { images, bytes } = mix.images === '' ? drawnMix(mix) : await found(mix.images)
    const count = Math.min(mix.count, images)
    return {
      objects: count * (1 + variants),
      bytes: count * (bytes / images + variants * mean(sizes) * bytesPerPixel),
    }
  })
}

function storeWith(about: () => Promise<Amount>): Service<ObjectStore> {
  const store = objectStore({
    buckets: ['raw', 'augmented', 'normalized', 'manifests'],
    // Where manifests lie is part of the stages' contract; our own stages keep their marks beside them.
    beside: (prefix) => ['manifests', 'marks'].map((kind) => `${kind}/${datasetOf(prefix)}`),
    about,
  })
  const start: typeof store.start = (context) => {
    const starting = store.start(context)
    // Every step that uses the store works on images: what that takes is loaded while a server starts. Whether it can be is theirs to say.
    import('../images/read.ts').catch(() => {})
    return starting
  }
  return { ...store, start }
}

interface Amount {
  readonly objects: number
  readonly bytes: number
}

/** Of a JPEG of a photo, about. */
const bytesPerPixel = 0.2

function drawnMix({ count, resolutions }: InputMix) {
  return { images: count, bytes: count * mean(resolutions) * bytesPerPixel }
}

/** Pixels of one, on average. */
function mean(sizes: readonly Dimensions[]): number {
  return sizes.reduce((sum, { width, height }) => sum + width * height, 0) / sizes.length
}

/** As the reference stages write it: three augmented images of each, each in every size. */
async function amount(folder: string, sizes: number) {
  const variants = 3
  const sources = folder === '' ? drawn : await found(folder)
  const copies = 1 + variants + variants * sizes
  return { objects: sources.images * copies, bytes: sources.bytes * copies }
}

const drawn = { images: 18, bytes: 7e6 }

async function found(folder: string) {
  const { listImages } = await import('../images/folder.ts')
  const images = await listImages(folder)
  return { images: images.length, bytes: images.reduce((sum, { bytes }) => sum + bytes, 0) }
}
