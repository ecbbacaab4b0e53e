import { describe, expect, test } from 'bun:test'
import sharp, { type Sharp } from 'sharp'
import { type AugmentedImage, augment, augmentations } from '../../../tasks/images/augment.ts'
import { type Box, leastShare } from '../../../tasks/images/boxes.ts'
import type { Pixels } from '../../../tasks/images/pixels.ts'
import { colourAt, decode, difference, landmark, paint } from './pictures.ts'
import { runDigest } from './run-digest.ts'

// Each box is painted wholly in the one primary that its label names; everything else is black or the grey of new canvas.
const primaries = ['red', 'green', 'blue'] as const
const boxes: readonly Box[] = [
  { label: 'red', x: 0, y: 0, width: 60, height: 40 },
  { label: 'green', x: 150, y: 90, width: 100, height: 130 },
  { label: 'blue', x: 330, y: 260, width: 70, height: 40 },
]
const painted = await paint(400, 300, (x, y) => {
  const inside = boxes.find((b) => x >= b.x && x < b.x + b.width && y >= b.y && y < b.y + b.height)
  return [inside?.label === 'red' ? 255 : 0, inside?.label === 'green' ? 255 : 0, inside?.label === 'blue' ? 255 : 0]
})
  .png()
  .toBuffer()

const nameOf = (image: AugmentedImage) => image.augmentation.replace(/\(.*/, '')

describe('boxes move with the pixels', () => {
  test.each(Array.from({ length: 8 }, (_, seed) => seed))('through every augmentation, seed %d', async (seed) => {
    const images = await augment(painted, { key: 's3://raw/a.png', seed, variants: augmentations.length, boxes })
    expect(images.map(nameOf).sort()).toEqual([...augmentations].sort())
    for (const image of images) {
      const pixels = await decode(image.bytes)
      for (const [channel, label] of primaries.entries()) {
        const box = image.boxes.find((one) => one.label === label)
        const seen = extentOf(pixels, channel)
        if (box === undefined) {
          expect(seen.count).toBeLessThan(
            leastShare * (boxes[channel]?.width ?? 0) * (boxes[channel]?.height ?? 0) * 1.25 ** 2,
          )
          continue
        }
        const stated = sidesOf(box)
        for (const side of ['left', 'top', 'right', 'bottom'] as const) {
          const off = Math.abs(stated[side] - seen.sides[side])
          expect(off, `${image.augmentation}: ${label}’s ${side}`).toBeLessThanOrEqual(1)
        }
      }
    }
  })
})

function sidesOf(box: Box) {
  return { left: box.x, top: box.y, right: box.x + box.width, bottom: box.y + box.height }
}

/** Where one primary stands out from the others by at least half as much as it does anywhere. */
function extentOf({ data, width, height, channels }: Pixels, channel: number) {
  const excess = (at: number) =>
    (data[at + channel] ?? 0) - Math.max(data[at + ((channel + 1) % 3)] ?? 0, data[at + ((channel + 2) % 3)] ?? 0)
  let most = 0
  for (let at = 0; at < data.length; at += channels) most = Math.max(most, excess(at))
  const sides = { left: width, top: height, right: 0, bottom: 0 }
  let count = 0
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (excess((y * width + x) * channels) < Math.max(80, most / 2)) continue
      count++
      sides.left = Math.min(sides.left, x)
      sides.top = Math.min(sides.top, y)
      sides.right = Math.max(sides.right, x + 1)
      sides.bottom = Math.max(sides.bottom, y + 1)
    }
  }
  return { count, sides }
}

test('every augmentation changes the picture and stores what it says', async () => {
  const source = await landmark(300, 200).jpeg({ quality: 95 }).toBuffer()
  const before = await decode(source)
  for (const image of await augment(source, { key: 'a', seed: 4, variants: 6 })) {
    const meta = await sharp(image.bytes).metadata()
    expect({ format: meta.format, width: meta.width, height: meta.height }).toEqual({
      format: image.format,
      width: image.width,
      height: image.height,
    })
    expect(image.augmentation).toMatch(/^[a-z-]+\([a-z0-9=,.-]+\)$/)
    if (nameOf(image) === 'rotate') expect(image.width).toBeGreaterThan(300)
    else {
      expect([image.width, image.height]).toEqual([300, 200])
      expect(difference(before, await decode(image.bytes)).mean, image.augmentation).toBeGreaterThan(0.5)
    }
  }
})

test('says the numbers it used: noise of that sigma, brightness and contrast by that much', async () => {
  const grey = await paint(200, 200, () => [100, 100, 100])
    .png()
    .toBuffer()
  const said = { noise: 0, linear: 0 }
  for (const { augmentation, bytes } of await augment(grey, { key: 'a', seed: 1, variants: 6 })) {
    const { data } = await decode(bytes)
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length
    const [, sigma] = /^noise\(sigma=([\d.]+)\)$/.exec(augmentation) ?? []
    const [, brightness, contrast] =
      /^brightness-contrast\(brightness=(-?\d+),contrast=([\d.]+)\)$/.exec(augmentation) ?? []
    if (sigma) {
      const spread = Math.sqrt(data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length)
      expect(Math.abs(spread / Number(sigma) - 1)).toBeLessThan(0.03)
      expect(Math.abs(mean - 100)).toBeLessThan(0.5)
      said.noise++
    }
    if (brightness && contrast) {
      expect(Math.abs(mean - ((100 - 128) * Number(contrast) + 128 + Number(brightness)))).toBeLessThan(1)
      said.linear++
    }
  }
  expect(said).toEqual({ noise: 1, linear: 1 })
})

describe('which augmentations are made', () => {
  const source = landmark(40, 30).png().toBuffer()
  const make = async (options: { key?: string; seed?: number; variants?: number }) =>
    (await augment(await source, { key: 'a', seed: 1, ...options })).map((image) => image.augmentation)

  test('is three when nobody says', async () => expect((await make({})).length).toBe(3))

  test('repeats none before each has come once, and then with other numbers', async () => {
    const made = await make({ variants: 12 })
    for (const half of [made.slice(0, 6), made.slice(6)]) {
      expect(half.map((text) => text.replace(/\(.*/, '')).sort()).toEqual([...augmentations].sort())
    }
    expect(new Set(made).size).toBeGreaterThan(9)
  })

  test('begins alike however many are asked for', async () => {
    expect(await make({ variants: 2 })).toEqual((await make({ variants: 6 })).slice(0, 2))
  })

  test('depends on the seed and the key', async () => {
    expect(await make({ seed: 2 })).not.toEqual(await make({}))
    expect(await make({ key: 'b' })).not.toEqual(await make({}))
  })
})

test('alpha stays, and noise leaves it alone', async () => {
  const source = await landmark(60, 40).ensureAlpha(0.4).png().toBuffer()
  for (const image of await augment(source, { key: 'a', seed: 1, variants: 6 })) {
    expect(image.format).toBe('png')
    const { data, channels } = await decode(image.bytes)
    expect(channels).toBe(4)
    const kept = image.augmentation.startsWith('rotate') || image.augmentation.startsWith('shift')
    if (!kept) expect(new Set(data.filter((_, at) => at % 4 === 3)), image.augmentation).toEqual(new Set([102]))
  }
})

test.each([
  ['jpeg', 'jpeg', 'jpg'],
  ['png', 'png', 'png'],
  ['webp', 'webp', 'webp'],
  ['tiff', 'jpeg', 'jpg'],
] as const)('a %s becomes a %s', async (from, format, extension) => {
  const source = await landmark(40, 30).toFormat(from).toBuffer()
  for (const image of await augment(source, { key: 'a', seed: 1 })) expect(image).toMatchObject({ format, extension })
})

test.each([
  ['16-bit', (image: Sharp) => image.toColourspace('rgb16')],
  ['grayscale', (image: Sharp) => image.toColourspace('b-w')],
  ['16-bit gray', (image: Sharp) => image.toColourspace('grey16')],
] as const)('a %s picture becomes 8-bit sRGB of the same brightness', async (_, store) => {
  const source = await store(paint(64, 48, () => [90, 90, 90]))
    .png()
    .toBuffer()
  for (const image of await augment(source, { key: 'a', seed: 1, variants: 6 })) {
    const meta = await sharp(image.bytes).metadata()
    expect([meta.space, meta.channels, meta.depth]).toEqual(['srgb', 3, 'uchar'])
    const pixels = await decode(image.bytes)
    const exact = /^(flip|blur)/.test(image.augmentation)
    if (exact) expect(colourAt(pixels, 32, 24)).toEqual([90, 90, 90])
  }
})

test.each([
  [1, 1],
  [6000, 2],
  [2, 6000],
])('a %d × %d picture goes through every augmentation', async (width, height) => {
  const source = await landmark(width, height).png().toBuffer()
  const images = await augment(source, { key: 'a', seed: 1, variants: 12 })
  expect(images.every((image) => image.width >= 1 && image.height >= 1)).toBe(true)
})

test('the EXIF orientation is applied before anything else', async () => {
  const upright = await augment(await landmark(120, 80).jpeg({ quality: 100 }).toBuffer(), {
    key: 'a',
    seed: 1,
    variants: 6,
  })
  const turned = await landmark(120, 80).rotate(270).jpeg({ quality: 100 }).withMetadata({ orientation: 6 }).toBuffer()
  for (const [index, image] of (await augment(turned, { key: 'a', seed: 1, variants: 6 })).entries()) {
    const other = upright[index]
    if (!other) throw new Error('one each')
    expect(image.augmentation).toBe(other.augmentation)
    expect((await sharp(image.bytes).metadata()).orientation).toBeUndefined()
    expect(difference(await decode(image.bytes), await decode(other.bytes)).mean).toBeLessThan(2)
  }
})

test('two processes make the same bytes, and another seed makes others', async () => {
  const [first, second, other] = await Promise.all([
    runDigest('augment', 1),
    runDigest('augment', 1),
    runDigest('augment', 2),
  ])
  expect(first).toHaveLength(64)
  expect(second).toBe(first)
  expect(other).not.toBe(first)
}, 30_000)
