import { readFile } from 'node:fs/promises'
import { dirname, join, parse, sep } from 'node:path'
import { cannot } from '../../lib/index.ts'
import { type Box, clipBoxes } from './boxes.ts'
import type { Dimensions } from './sizes.ts'

/**
 * The boxes of an image in the YOLO layout: `images/a/x.jpg` has `labels/a/x.txt` beside `images`, or `x.jpg` has `labels/x.txt`
 * beside itself; `classes.txt`, beside `labels`, names the classes, which are else called by their number. A line is
 * `class x y width height`, the middle and the sides as shares of the upright image. No such file: no boxes.
 * Throws a Problem at a line that is none of this.
 */
export async function yoloBoxes(image: string, size: Dimensions): Promise<readonly Box[]> {
  const { root, inside } = labelPlace(image)
  const file = join('labels', inside)
  const labels = await textOf(join(root, file))
  if (labels === undefined) return []
  const classes = (await textOf(join(root, 'classes.txt')))?.split('\n').map((name) => name.trim()) ?? []
  const lines = labels.split('\n').map((line) => line.trim())
  return clipBoxes(
    lines.filter((line) => line !== '').map((line) => boxOf(line, file, classes, size)),
    size,
  )
}

/** The folder that holds `labels`, and where in `labels` the image's file is. */
function labelPlace(image: string): { root: string; inside: string } {
  const parts = dirname(image).split(sep)
  const images = parts.lastIndexOf('images')
  const name = `${parse(image).name}.txt`
  return images < 0
    ? { root: dirname(image), inside: name }
    : { root: parts.slice(0, images).join(sep) || sep, inside: join(...parts.slice(images + 1), name) }
}

function boxOf(line: string, file: string, classes: readonly string[], size: Dimensions): Box {
  const fields = line.split(/\s+/)
  const [index = NaN, x = NaN, y = NaN, width = NaN, height = NaN] = fields.map(Number)
  const shares = [x, y, width, height]
  if (
    fields.length !== 5 ||
    !Number.isInteger(index) ||
    index < 0 ||
    !shares.every((share) => share >= 0 && share <= 1)
  ) {
    throw cannot('use images', file, "lines of 'class x y width height', the last four from 0 to 1", line)
  }
  return {
    label: classes[index] || String(index),
    x: (x - width / 2) * size.width,
    y: (y - height / 2) * size.height,
    width: width * size.width,
    height: height * size.height,
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
