import type { ObjectInfo, S3 } from '../object-store/client.ts'
import type { Arrival, FoundManifest, ManifestEntry } from './evidence.ts'
import { manifestPrefix, readManifest, type Stage1Object, type Stage2Object, type StageNumber } from './manifest.ts'
import { s3Uri } from './uri.ts'

export interface ObjectWatchOptions {
  readonly s3: S3
  readonly stage: StageNumber
  readonly dataset: string
  readonly output: { readonly bucket: string; readonly prefix: string }
  readonly manifestBucket: string
}

export interface ObjectWatch {
  /** Lists outputs and manifests; manifests are read once. The first look is what was there before. */
  look(): Promise<void>
  /** When an object or a manifest was last seen to appear or change, by `performance.now()`. */
  changedAt(): number
  /** Objects under the output prefix, as last seen. */
  objects(): ReadonlyMap<string, ObjectInfo>
  /** Keys that appeared or changed since the first look. */
  written(): readonly string[]
  manifests(): readonly (FoundManifest & { readonly before: boolean })[]
  /** By listings alone. */
  arrival(key: string): Arrival
}

export function watchObjects({ s3, stage, dataset, output, manifestBucket }: ObjectWatchOptions): ObjectWatch {
  const arrivals = new Map<string, Arrival>()
  const written = new Set<string>()
  const manifests = new Map<string, { etag: string; found: FoundManifest & { before: boolean } }>()
  let objects = new Map<string, ObjectInfo>()
  let changed = performance.now()
  let lookedAt: number | undefined

  const lookAtManifests = async () => {
    for (const { key, etag } of await s3.list(manifestBucket, manifestPrefix(dataset, stage))) {
      const known = manifests.get(key)
      if (known?.etag === etag) continue
      const uri = s3Uri(manifestBucket, key)
      const text = new TextDecoder().decode(await s3.get(manifestBucket, key))
      manifests.set(key, { etag, found: { ...foundManifest(stage, text, uri), before: lookedAt === undefined } })
      changed = performance.now()
    }
  }
  return {
    look: async () => {
      const from = Date.now()
      const listed = await s3.list(output.bucket, output.prefix)
      const to = Date.now()
      const now = new Map(listed.map((object) => [object.key, object]))
      for (const [key, { etag }] of now) {
        if (objects.get(key)?.etag === etag) continue
        if (lookedAt === undefined) arrivals.set(key, { by: 'none' })
        else {
          arrivals.set(key, { by: 'listing', absentAt: lookedAt, presentAt: to })
          written.add(key)
        }
        changed = performance.now()
      }
      objects = now
      await lookAtManifests()
      lookedAt = from
    },
    changedAt: () => changed,
    objects: () => objects,
    written: () => [...written],
    manifests: () => [...manifests.values()].map(({ found }) => found),
    arrival: (key) => arrivals.get(key) ?? { by: 'none' },
  }
}

function foundManifest(stage: StageNumber, text: string, uri: string): FoundManifest {
  // Once for each number: the type of the result follows from it.
  const read = stage === 1 ? readManifest(1, text, uri) : readManifest(2, text, uri)
  if (!read.ok) return { kind: 'breach', uri, sentence: read.breach }
  return { kind: 'valid', uri, objects: read.manifest.objects.map(entryOf) }
}

function entryOf(object: Stage1Object | Stage2Object): ManifestEntry {
  const { source_uri, output_uri, width, height } = object
  const given = (name: 'variant_name' | 'source_etag' | 'recipe') => {
    const value: unknown = Reflect.get(object, name)
    return typeof value === 'string' ? { [name]: value } : {}
  }
  return {
    source_uri,
    output_uri,
    width,
    height,
    ...given('variant_name'),
    ...given('source_etag'),
    ...given('recipe'),
  }
}
