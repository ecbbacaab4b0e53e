import { describe, expect, test } from 'bun:test'
import sharp from 'sharp'
import { Problem } from '../../../lib/plan/problem.ts'
import { augment } from '../../../tasks/images/augment.ts'
import { inspect } from '../../../tasks/images/inspect.ts'
import { normalize } from '../../../tasks/images/normalize.ts'
import { parseSizes } from '../../../tasks/images/sizes.ts'
import { landmark, pngOf } from './pictures.ts'

const policy = { fit: 'contain', background: '#ffffff', format: 'jpeg', quality: 90 } as const
const uses: readonly (readonly [string, (bytes: Uint8Array) => Promise<unknown>])[] = [
  ['inspect', (bytes) => inspect(bytes, 'a/x.jpg')],
  ['augment', (bytes) => augment(bytes, { key: 'a/x.jpg', seed: 1, variants: 1 })],
  ['normalize', (bytes) => normalize(bytes, { ...policy, sizes: parseSizes('64x48') }, 'a/x.jpg')],
  ['normalize', (bytes) => normalize(bytes, { ...policy, sizes: parseSizes('64x48,480p') }, 'a/x.jpg')],
]

const whole = await landmark(640, 480).jpeg().toBuffer()
const wholePng = await landmark(640, 480).png().toBuffer()
const wholeWebp = await landmark(640, 480).webp().toBuffer()
const flipped = Buffer.from(wholePng)
flipped[Math.floor(flipped.length / 2)] = (flipped[Math.floor(flipped.length / 2)] ?? 0) ^ 0xff

const inputs: readonly (readonly [string, Uint8Array, string])[] = [
  ['a JPEG cut in half', whole.subarray(0, whole.length / 2), 'damaged (VipsJpeg: premature end of JPEG image)'],
  [
    'a JPEG without its last hundredth',
    whole.subarray(0, -whole.length / 100),
    'damaged (VipsJpeg: premature end of JPEG image)',
  ],
  ['a PNG cut in half', wholePng.subarray(0, wholePng.length / 2), 'damaged ('],
  ['a PNG with a wrong byte', flipped, 'damaged ('],
  ['a WebP cut in half', wholeWebp.subarray(0, wholeWebp.length / 2), 'damaged ('],
  ['text', Buffer.from('this is not an image\n'), 'no image'],
  ['nothing', new Uint8Array(), 'an empty file'],
  ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'), 'SVG, which is not pixels'],
  // What stands where its pixels should be can't be decoded: the header alone must have been enough.
  ['a bomb', pngOf(17_000, 17_000, Buffer.from('no rows')), 'an image of more pixels than that'],
]

describe.each(inputs)('%s', (_, bytes, found) => {
  test.each(uses)('is named with the reason by %s', async (action, use) => {
    const error = await use(bytes).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(Problem)
    expect(String(error)).toStartWith(
      `Problem: Cannot ${action} as 'a/x.jpg' must be a whole JPEG, PNG, WebP, TIFF, GIF or AVIF image of at most 200 megapixels: current value is ${found}`,
    )
    expect(String(error)).toEndWith('. Replace the image or take it out')
    expect(String(error)).not.toContain('\n')
  })
})

test('inspect says what an image is', async () => {
  expect(await inspect(whole)).toEqual({
    format: 'jpeg',
    width: 640,
    height: 480,
    channels: 3,
    hasAlpha: false,
    space: 'srgb',
    depth: 'uchar',
  })
  const deep = await landmark(20, 10).ensureAlpha(0.5).toColourspace('rgb16').png().toBuffer()
  expect(await inspect(deep)).toMatchObject({
    format: 'png',
    channels: 4,
    hasAlpha: true,
    space: 'rgb16',
    depth: 'ushort',
  })
})

test('a JPEG with bytes after its end, as cameras write them, is fine', async () => {
  expect(await inspect(Buffer.concat([whole, Buffer.from('trailer')]))).toMatchObject({ width: 640 })
})

test('inspect gives width and height as stored', async () => {
  const turned = await sharp(whole).withMetadata({ orientation: 6 }).jpeg().toBuffer()
  expect(await inspect(turned)).toMatchObject({ width: 640, height: 480 })
})
