import * as v from 'valibot'
import { cannot, messageOf } from '../../../lib/index.ts'
import type { Box } from '../../images/boxes.ts'
import { CocoDocument, cocoBoxes } from '../../images/coco.ts'
import type { StageDefinition } from './definition.ts'

/** Beside an image, what it is called with this added: its labelled boxes, a JSON list of `{ label, x, y, width, height }`. */
export const boxesSuffix = '.boxes.json'
/** The same, for a COCO document that has this image, be it among others. */
export const cocoSuffix = '.coco.json'

/** What the boxes of an image were read from. */
const formats: Readonly<Record<string, string>> = { [boxesSuffix]: 'boxes-json', [cocoSuffix]: 'coco' }

const types = { jpeg: 'image/jpeg', png: 'image/png', webp: 'image/webp' } as const

const side = v.pipe(v.number(), v.finite(), v.minValue(0))
const Boxes = v.array(
  v.object({
    label: v.string(),
    x: v.pipe(v.number(), v.finite()),
    y: v.pipe(v.number(), v.finite()),
    width: side,
    height: side,
  }),
)

/** Stage 1: `variants` augmented images of each source, `<path>.1.jpg` and so on, their boxes beside them. */
export function augmentStage({
  seed,
  variants,
}: {
  readonly seed: number
  readonly variants: number
}): StageDefinition {
  return {
    stage: 1,
    recipe: `augment seed=${seed} variants=${variants}`,
    settings: { seed, variants },
    sidecars: [boxesSuffix, cocoSuffix],
    async make({ path, relative, sidecar }) {
      // Only where there is an image to work on: to load it takes longer than to see that there is none.
      const { augment } = await import('../../images/augment.ts')
      const boxes = sidecar && parseBoxes(sidecar, relative)
      // The path and not the URI is the key: the same images in another bucket, or another run's prefix, give the same bytes.
      const options = { key: relative, seed, variants }
      const images = await augment(await Bun.file(path).bytes(), boxes === undefined ? options : { ...options, boxes })
      return images.map((image, index) => {
        const output = `${relative}.${index + 1}.${image.extension}`
        const { bytes, width, height, augmentation } = image
        const made = {
          relative: output,
          bytes,
          type: types[image.format],
          describe: (uris: { source_uri: string; output_uri: string }) => ({
            ...uris,
            width,
            height,
            augmentation,
            ...(sidecar && { annotation_format: formats[sidecar.suffix], converter_version: '1' }),
          }),
        }
        if (boxes === undefined) return made
        return { ...made, companion: { relative: output + boxesSuffix, text: `${JSON.stringify(image.boxes)}\n` } }
      })
    },
  }
}

function parseBoxes({ suffix, text }: { suffix: string; text: string }, relative: string): readonly Box[] {
  const coco = suffix === cocoSuffix
  try {
    const json: unknown = JSON.parse(text)
    return coco ? cocoBoxes(v.parse(CocoDocument, json), relative) : v.parse(Boxes, json)
  } catch (error) {
    const form = coco ? 'a COCO document with its image' : 'a JSON list of { label, x, y, width, height }'
    throw cannot(`read the boxes ${relative}${suffix}`, 'content', `${form} (${messageOf(error)})`, text.slice(0, 80))
  }
}
