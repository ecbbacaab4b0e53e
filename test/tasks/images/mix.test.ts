import { expect, test } from 'bun:test'
import fc from 'fast-check'
import sharp from 'sharp'
import { chooseMix, drawMix } from '../../../tasks/images/mix.ts'

const small = { width: 64, height: 48 }
const tall = { width: 40, height: 90 }

async function files(count: number) {
  return Promise.all(drawMix([small, tall], count).map(async ({ path, read }) => ({ path, bytes: await read() })))
}

test('a drawn mix takes its resolutions in turn, and is the same each time', async () => {
  const five = await files(5)
  expect(five.map(({ path }) => path)).toEqual([
    '1-64x48.jpg',
    '2-40x90.jpg',
    '3-64x48.jpg',
    '4-40x90.jpg',
    '5-64x48.jpg',
  ])
  for (const { path, bytes } of five) {
    const { width, height } = await sharp(bytes).metadata()
    expect(path).toEndWith(`-${width}x${height}.jpg`)
  }
  expect(await files(5)).toEqual(five)
})

test('no two of its files have the same bytes, and those of one resolution show the same picture', async () => {
  const [first, , third] = await files(3)
  if (first === undefined || third === undefined) throw new Error('three were asked for')
  expect(first.bytes).not.toEqual(third.bytes)
  const pixels = (bytes: Uint8Array) => sharp(bytes).raw().toBuffer()
  expect(await pixels(first.bytes)).toEqual(await pixels(third.bytes))
})

test('names of many sort as they come', () => {
  const names = drawMix([small], 12).map(({ path }) => path)
  expect(names.toSorted()).toEqual(names)
})

const found = fc.uniqueArray(
  fc.record({
    path: fc.string(),
    absolute: fc.constant('/'),
    bytes: fc.nat(),
    boxes: fc.constant([]),
    width: fc.integer({ min: 1, max: 9 }),
    height: fc.constant(10),
  }),
  { selector: ({ path }) => path, minLength: 1 },
)

test('what is chosen of a folder is a mix like the whole, whatever the order it is listed in', () => {
  fc.assert(
    fc.property(found, fc.integer({ min: 1, max: 12 }), (images, count) => {
      const chosen = chooseMix(images, count)
      expect(chosen).toHaveLength(Math.min(count, images.length))
      expect(new Set(chosen).size).toBe(chosen.length)
      expect(chooseMix(images.toReversed(), count)).toEqual(chosen)
      const widths = images.map(({ width }) => width).toSorted((a, b) => a - b)
      const step = widths.length / chosen.length
      for (const [index, { width }] of chosen.entries()) {
        // Each is of its own share of all, from the smallest to the largest.
        expect(width).toBeGreaterThanOrEqual(widths[Math.floor(index * step)] ?? 0)
        expect(width).toBeLessThanOrEqual(widths[Math.ceil((index + 1) * step) - 1] ?? 0)
      }
    }),
  )
})
