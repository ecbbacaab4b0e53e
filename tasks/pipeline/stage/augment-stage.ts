import * as v from 'valibot'
import { cannot, messageOf } from '../../../lib/index.ts'
import type { Box } from '../../images/boxes.ts'
import type { StageDefinition } from './definition.ts'

/** Beside an image, what it is called with this added: its labelled boxes, a JSON list of `{ label, x, y, width, height }`. */
export const boxesSuffix = '.boxes.json'

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
    sidecar: boxesSuffix,
    async make({ path, relative, sidecar }) {
      // Only where there is an image to work on: to load it takes longer than to see that there is none.
      const { augment } = await import('../../images/augment.ts')
      const boxes = sidecar === undefined ? undefined : parseBoxes(sidecar, relative + boxesSuffix)
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
            ...(boxes && { annotation_format: 'boxes-json', converter_version: '1' }),
          }),
        }
        if (boxes === undefined) return made
        return { ...made, companion: { relative: output + boxesSuffix, text: `${JSON.stringify(image.boxes)}\n` } }
      })
    },
  }
}

function parseBoxes(text: string, name: string): readonly Box[] {
  try {
    return v.parse(Boxes, JSON.parse(text))
  } catch (error) {
    const rule = `a JSON list of { label, x, y, width, height } (${messageOf(error)})`
    throw cannot(`read the boxes ${name}`, 'content', rule, text.slice(0, 80))
  }
}
