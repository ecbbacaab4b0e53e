import type { Service } from '../../lib/index.ts'
import { type ObjectStore, objectStore } from '../object-store/service.ts'
import { datasetOf } from './black-box-ground.ts'

/** The object store for a plan over stages 1 and 2, which says how much they will write where that is somebody's. */
export function pipelineStore(images: string, sizes: readonly unknown[]): Service<ObjectStore> {
  return objectStore({
    buckets: ['raw', 'augmented', 'normalized', 'manifests'],
    // Where manifests lie is part of the stages' contract; our own stages keep their marks beside them.
    beside: (prefix) => ['manifests', 'marks'].map((kind) => `${kind}/${datasetOf(prefix)}`),
    about: () => amount(images, sizes.length),
  })
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
