import * as v from 'valibot'
import { messageOf } from '../../lib/index.ts'
import { CocoDocument } from '../images/coco.ts'
import type { S3 } from '../object-store/client.ts'
import { s3Uri } from '../pipeline/uri.ts'
import type { FoundDocument, Prediction } from './report.ts'

export interface Place {
  readonly bucket: string
  readonly prefix: string
}

/** The COCO documents under a prefix, each read once: look again for those that have come meanwhile. */
export function watchDocuments(s3: S3, place: Place, input: Place) {
  const found = new Map<string, FoundDocument>()
  return {
    async look(): Promise<readonly FoundDocument[]> {
      for (const { key } of await s3.list(place.bucket, place.prefix)) {
        if (found.has(key) || !key.endsWith('.json')) continue
        const text = new TextDecoder().decode(await s3.get(place.bucket, key))
        found.set(key, readDocument(text, s3Uri(place.bucket, key), input))
      }
      return [...found.values()]
    },
  }
}

const Info = v.looseObject({ info: v.looseObject({ model: v.looseObject({ version: v.string() }) }) })

export function readDocument(text: string, uri: string, input: Place): FoundDocument {
  try {
    const json: unknown = JSON.parse(text)
    const document = v.parse(CocoDocument, json)
    const info = v.safeParse(Info, json)
    return {
      kind: 'valid',
      uri,
      // Who gives no address of an image means the one of that name where images are read.
      images: document.images.map((image) => imageUri(image, input)),
      categories: document.categories.map(({ name }) => name),
      predictions: predictionsOf(document, input),
      ...(info.success && { version: info.output.info.model.version }),
    }
  } catch (error) {
    return { kind: 'breach', uri, sentence: sentenceOf(error) }
  }
}

function predictionsOf({ images, annotations, categories }: CocoDocument, input: Place): Prediction[] {
  const byId = new Map(images.map((image) => [image.id, image]))
  const names = new Map(categories.map(({ id, name }) => [id, name]))
  if (byId.size < images.length) throw new Error('two of its images have one id')
  if (names.size < categories.length) throw new Error('two of its categories have one id')
  if (new Set(annotations.map(({ id }) => id)).size < annotations.length)
    throw new Error('two of its annotations have one id')
  return annotations.map(({ id, image_id, category_id, bbox, score }) => {
    const [image, category] = [byId.get(image_id), names.get(category_id)]
    if (image === undefined) throw new Error(`its annotation ${id} is of the image ${image_id}, which it has not`)
    if (category === undefined)
      throw new Error(`its annotation ${id} is of the category ${category_id}, which it has not`)
    const { width, height } = image
    return { uri: imageUri(image, input), category, box: bbox, width, height, ...(score !== undefined && { score }) }
  })
}

function imageUri({ coco_url, file_name }: CocoDocument['images'][number], { bucket, prefix }: Place): string {
  return coco_url?.startsWith('s3://') ? coco_url : s3Uri(bucket, prefix + file_name)
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof v.ValiError)) return messageOf(error)
  const [issue] = error.issues
  return `${v.getDotPath(issue) ?? 'the document'}: ${issue.message}`
}
