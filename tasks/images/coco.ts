import * as v from 'valibot'
import type { Box } from './boxes.ts'

const id = v.union([v.pipe(v.number(), v.integer()), v.string()])
const finite = v.pipe(v.number(), v.finite())
const side = v.pipe(finite, v.minValue(0))

/** What of a COCO document is about boxes; anything else in it (licenses, segmentations, keypoints) is left alone. */
export const CocoDocument = v.looseObject({
  images: v.array(
    v.looseObject({
      id,
      file_name: v.string(),
      width: v.pipe(finite, v.minValue(1)),
      height: v.pipe(finite, v.minValue(1)),
      coco_url: v.optional(v.string()),
    }),
  ),
  annotations: v.array(
    v.looseObject({
      id,
      image_id: id,
      category_id: id,
      /** Left, top, width, height, in pixels. */
      bbox: v.strictTuple([finite, finite, side, side]),
      /** How sure a prediction is; COCO's results have it, its annotations not. */
      score: v.optional(finite),
    }),
  ),
  categories: v.array(v.looseObject({ id, name: v.pipe(v.string(), v.nonEmpty()) })),
})
export type CocoDocument = v.InferOutput<typeof CocoDocument>

/**
 * The boxes of one image of a document: the image called `name` there, or like the end of it after a slash (a document knows its images by
 * where they were when it was made), or the only one there is. Throws an Error that says what is wrong with the document.
 */
export function cocoBoxes({ images, annotations, categories }: CocoDocument, name: string): readonly Box[] {
  const exactly = images.filter(({ file_name }) => file_name === name)
  const called = exactly.length > 0 ? exactly : images.filter(({ file_name }) => name.endsWith(`/${file_name}`))
  const [image, second] = called.length === 0 && images.length === 1 ? images : called
  if (image === undefined) throw new Error(`it has no image called ${name}`)
  if (second !== undefined) throw new Error(`it has two images called ${name}`)
  const names = new Map(categories.map((category) => [category.id, category.name]))
  return annotations
    .filter(({ image_id }) => image_id === image.id)
    .map(({ id, category_id, bbox: [x, y, width, height] }) => {
      const label = names.get(category_id)
      if (label === undefined)
        throw new Error(`its annotation ${id} is of the category ${category_id}, which it has not`)
      return { label, x, y, width, height }
    })
}
