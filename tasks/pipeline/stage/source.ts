import type { ObjectInfo, S3 } from '../../object-store/client.ts'
import { s3Uri } from '../uri.ts'
import { sha256 } from './digest.ts'

/** One image to do, in the version that was listed. */
export interface Source {
  readonly key: string
  /** The key without the stage's input prefix. */
  readonly relative: string
  readonly uri: string
  readonly size: number
  /** Changes when the image, or the object that belongs to it, does. */
  readonly etag: string
  readonly sidecar?: string
  /** Names this version of this image made by this recipe: what is processed is known by it. */
  readonly id: string
}

export interface Look {
  readonly sources: readonly Source[]
  /** Objects that are no images by their name. */
  readonly ignored: number
}

const imageName = /\.(jpe?g|png|webp|tiff?|gif|avif|heic|heif|bmp)$/i

/** Lists the images under `prefix`, in key order. */
export async function look(
  s3: S3,
  bucket: string,
  prefix: string,
  recipe: string,
  suffixes: readonly string[] = [],
): Promise<Look> {
  const found = await s3.list(bucket, prefix)
  const images = found.filter(({ key }) => imageName.test(key))
  const others = new Map(found.filter(({ key }) => !imageName.test(key)).map((object) => [object.key, object]))
  const sources = images.map((image) => sourceOf(image))
  const sidecars = sources.filter(({ sidecar }) => sidecar !== undefined).length
  return { sources, ignored: others.size - sidecars }

  function sourceOf({ key, size, etag: own }: ObjectInfo): Source {
    const belonging = suffixes.flatMap((suffix) => others.get(key + suffix) ?? [])[0]
    const uri = s3Uri(bucket, key)
    const etag = belonging ? `${own}+${belonging.etag}` : own
    const source = { key, relative: key.slice(prefix.length), uri, size, etag, id: workId(uri, etag, recipe) }
    return belonging ? { ...source, sidecar: belonging.key } : source
  }
}

/** Short, since one is held in memory for every image a data set has ever had. */
export function workId(uri: string, etag: string, recipe: string): string {
  return sha256(`${uri}\n${etag}\n${recipe}`).slice(0, 32)
}
