import type { Box } from './boxes.ts'
import { noiseLength, noiseRing, type Random, seeded } from './random.ts'
import type { Dimensions } from './sizes.ts'
import { textureSide } from './texture.ts'

/** A drawn picture: RGB, 8 bits a channel, with the exact boxes of the shapes in it. */
export interface Scene extends Dimensions {
  readonly data: Uint8Array
  readonly boxes: readonly Box[]
}

type Colour = readonly [number, number, number]

/** Ground with texture and grain, as a camera would see it, and labelled shapes on it that do not touch. */
export function drawScene(size: Dimensions, seed: string, texture: Int8Array): Scene {
  const random = seeded('scene', seed)
  const data = new Uint8ClampedArray(size.width * size.height * 3)
  const ground = { top: colour(random), bottom: colour(random) }
  drawGround(data, size, ground, random, texture)
  const boxes = placeShapes(size, random)
  for (const box of boxes) {
    const behind = groundAt(ground, (box.y + box.height / 2) / size.height)
    drawShape(data, size.width, box, unlike(behind, random), texture)
  }
  return { ...size, data: new Uint8Array(data.buffer), boxes }
}

function colour(random: Random): Colour {
  return [random.between(50, 206), random.between(50, 206), random.between(50, 206)]
}

/** A colour at least 60 steps from another in each channel, so that a shape stands out. */
function unlike(other: Colour, random: Random): Colour {
  const away = (value: number) => value + random.between(60, 100) * (value < 128 ? 1 : -1)
  return [away(other[0]), away(other[1]), away(other[2])]
}

interface Ground {
  readonly top: Colour
  readonly bottom: Colour
}

/** The ground's colour `down` of its height (0 to 1) from its top. */
function groundAt({ top, bottom }: Ground, down: number): Colour {
  return [
    top[0] + (bottom[0] - top[0]) * down,
    top[1] + (bottom[1] - top[1]) * down,
    top[2] + (bottom[2] - top[2]) * down,
  ]
}

function drawGround(
  data: Uint8ClampedArray,
  { width, height }: Dimensions,
  ground: Ground,
  random: Random,
  texture: Int8Array,
): void {
  const grain = noiseRing(random, 5)
  let at = 0
  for (let y = 0; y < height; y++) {
    const [red, green, blue] = groundAt(ground, y / height)
    const row = (y % textureSide) * textureSide
    const offset = random.bits() % noiseLength
    for (let x = 0; x < width; x++) {
      const light = (texture[row | (x & (textureSide - 1))] ?? 0) + (grain[(offset + x) & (noiseLength - 1)] ?? 0)
      data[at] = red + light
      data[at + 1] = green + light
      data[at + 2] = blue + light
      at += 3
    }
  }
}

const columns = 3
const rows = 2

/** Half of the cells of a grid get a shape each; pictures too small to see one in get none. */
function placeShapes({ width, height }: Dimensions, random: Random): readonly Box[] {
  if (Math.min(width, height) < 96) return []
  const cell = { width: Math.floor(width / columns), height: Math.floor(height / rows) }
  const cells = random.shuffled(Array.from({ length: columns * rows }, (_, index) => index))
  return cells.slice(0, (columns * rows) / 2).map((index) => {
    const size = {
      width: Math.round(cell.width * random.between(0.4, 0.85)),
      height: Math.round(cell.height * random.between(0.4, 0.85)),
    }
    return {
      label: random.pick(['disc', 'block', 'triangle']),
      x: (index % columns) * cell.width + Math.floor(random.between(0, cell.width - size.width)),
      y: Math.floor(index / columns) * cell.height + Math.floor(random.between(0, cell.height - size.height)),
      ...size,
    }
  })
}

function drawShape(data: Uint8ClampedArray, width: number, box: Box, [red, green, blue]: Colour, texture: Int8Array) {
  for (let y = 0; y < box.height; y++) {
    const reach = Math.max(0.5, halfWidth(box, (y + 0.5) / box.height))
    const from = Math.round(box.x + box.width / 2 - reach)
    const to = Math.round(box.x + box.width / 2 + reach)
    for (let x = from; x < to; x++) {
      const light = (texture[((y * 2) % textureSide) * textureSide + ((x * 2) & (textureSide - 1))] ?? 0) * 0.5
      const at = ((box.y + y) * width + x) * 3
      data[at] = red + light
      data[at + 1] = green + light
      data[at + 2] = blue + light
    }
  }
}

/** How far the shape reaches to each side of its middle, `down` of its height (0 to 1) from its top. */
function halfWidth({ label, width }: Box, down: number): number {
  switch (label) {
    case 'disc':
      return (width / 2) * Math.sqrt(1 - (2 * down - 1) ** 2)
    case 'triangle':
      return (width / 2) * down
    default:
      return width / 2
  }
}
