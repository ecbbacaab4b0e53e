import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import sharp, { type Sharp } from 'sharp'
import { normalize, type Policy, policyHash } from '../../../tasks/images/normalize.ts'
import { drawSamples } from '../../../tasks/images/samples.ts'
import { type Fit, fits, outputSize, parseSizes, type Size } from '../../../tasks/images/sizes.ts'
import { colourAt, decode, difference, landmark, paint } from './pictures.ts'

const policyOf = (sizes: string | readonly Size[], rest: Partial<Policy> = {}): Policy => ({
  sizes: typeof sizes === 'string' ? parseSizes(sizes) : sizes,
  fit: 'contain',
  background: '#10c020',
  format: 'jpeg',
  quality: 95,
  ...rest,
})
const background = [0x10, 0xc0, 0x20]

async function only(source: Uint8Array | string, policy: Policy) {
  const [image] = await normalize(source, policy)
  if (!image) throw new Error('no variant')
  return { ...image, pixels: await decode(image.bytes) }
}

function expectColour(actual: readonly number[], expected: readonly number[], slack = 12) {
  const off = Math.max(...expected.map((value, at) => Math.abs(value - (actual[at] ?? Number.NaN))))
  expect(off, `${actual} is not ${expected}`).toBeLessThanOrEqual(slack)
}

describe('one picture in every EXIF orientation', () => {
  test('is the same upright picture in every size', async () => {
    const turned = (await drawSamples()).filter((sample) => sample.orientation !== undefined)
    expect(turned.map((sample) => sample.orientation)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    for (const sizes of ['480p', '720p,300x300']) {
      const all = await Promise.all(turned.map(({ bytes }) => normalize(bytes, policyOf(sizes))))
      const first = await Promise.all((all[0] ?? []).map(({ bytes }) => decode(bytes)))
      const mirrored = await decode(await sharp(all[0]?.[0]?.bytes).flop().png().toBuffer())
      expect(difference(mirrored, first[0] ?? mirrored).mean).toBeGreaterThan(8)
      for (const variants of all) {
        for (const [index, variant] of variants.entries()) {
          const upright = first[index]
          if (!upright) throw new Error('one each')
          expect((await sharp(variant.bytes).metadata()).orientation).toBeUndefined()
          expect(difference(await decode(variant.bytes), upright).mean).toBeLessThan(2)
        }
      }
    }
  }, 30_000)

  test('is cropped and padded upright', async () => {
    const stored = await landmark(200, 100).rotate(270).png().withMetadata({ orientation: 6 }).toBuffer()
    for (const fit of fits) {
      const upright = await only(await landmark(200, 100).png().toBuffer(), policyOf('80x80', { fit }))
      const turned = await only(stored, policyOf('80x80', { fit }))
      expect(difference(upright.pixels, turned.pixels).mean).toBeLessThan(1)
    }
  })
})

describe('an exact size', () => {
  // Four stripes of 50 pixels: what is cut, squeezed or padded shows in which of them are where.
  const stripes = [
    [250, 10, 10],
    [10, 10, 250],
    [240, 240, 240],
    [20, 20, 20],
  ] as const
  const [red, blue, white, black] = stripes
  const source = paint(200, 100, (x) => stripes[Math.floor(x / 50)] ?? black)
    .png()
    .toBuffer()

  test.each([
    ['contain', [background, background, background], [red, blue, white, black]],
    ['cover', [blue, blue, white], [blue, blue, white, white]],
    ['fill', [red, blue, black], [red, blue, white, black]],
  ] as const)('is filled by %s', async (fit: Fit, top, middle) => {
    for (const sizes of ['100x100', '100x100,64x48', '100x100,1080p']) {
      const { pixels, width, height } = await only(await source, policyOf(sizes, { fit }))
      expect([width, height, pixels.width, pixels.height]).toEqual([100, 100, 100, 100])
      for (const [index, x] of [12, 37, 87].entries()) expectColour(colourAt(pixels, x, 5), top[index] ?? [])
      for (const [index, x] of [12, 37, 62, 87].entries()) expectColour(colourAt(pixels, x, 50), middle[index] ?? [])
    }
  })

  test('is padded evenly above and below', async () => {
    const { pixels } = await only(await source, policyOf('100x100'))
    for (const y of [0, 22, 77, 99]) expectColour(colourAt(pixels, 62, y), background)
    for (const y of [28, 71]) expectColour(colourAt(pixels, 62, y), white)
  })

  test('enlarges a small picture where a preset leaves it', async () => {
    const small = await paint(20, 10, () => [200, 30, 30])
      .png()
      .toBuffer()
    const [exact, preset] = await normalize(small, policyOf('100x100,720p'))
    expect([preset?.width, preset?.height]).toEqual([20, 10])
    expectColour(colourAt(await decode(exact?.bytes ?? new Uint8Array()), 3, 50), [200, 30, 30])
  })
})

describe('colour', () => {
  test('alpha is flattened on the background, before and whatever the resizing', async () => {
    const half = { r: 255, g: 0, b: 0, alpha: 0.5 }
    for (const [alpha, expected] of [
      [0, background],
      [1, [255, 0, 0]],
      [0.5, [135, 96, 16]],
    ] as const) {
      const image = sharp({ create: { width: 64, height: 64, channels: 4, background: { ...half, alpha } } })
      for (const sizes of ['32x32', '64x64', '32x32,480p']) {
        const { pixels } = await only(await image.png().toBuffer(), policyOf(sizes))
        expect(pixels.channels).toBe(3)
        expectColour(colourAt(pixels, 16, 16), expected, 4)
      }
    }
  })

  test.each([
    ['16-bit', (image: Sharp) => image.toColourspace('rgb16').png(), [60, 120, 180]],
    ['16-bit gray', (image: Sharp) => image.toColourspace('grey16').png(), [114, 114, 114]],
    ['grayscale', (image: Sharp) => image.toColourspace('b-w').jpeg({ quality: 100 }), [114, 114, 114]],
    ['Display P3', (image: Sharp) => image.withIccProfile('p3').png(), [60, 120, 180]],
    ['CMYK', (image: Sharp) => image.toColourspace('cmyk').jpeg({ quality: 100 }), [60, 120, 180]],
    ['palette', (image: Sharp) => image.png({ palette: true }), [60, 120, 180]],
  ] as const)('%s becomes 8-bit sRGB', async (_, store, expected) => {
    const source = await store(paint(64, 48, () => [60, 120, 180])).toBuffer()
    for (const sizes of ['32x24', '32x24,16x12']) {
      const { bytes, pixels } = await only(source, policyOf(sizes))
      const meta = await sharp(bytes).metadata()
      expect([meta.space, meta.channels, meta.depth, meta.hasProfile]).toEqual(['srgb', 3, 'uchar', false])
      expectColour(colourAt(pixels, 16, 12), expected)
    }
  })
})

test('has the size that outputSize says, alone or among others, whatever the source, the size and the fit', async () => {
  const side = fc.integer({ min: 1, max: 260 })
  const size = fc.record({ width: side, height: side })
  const sizes = fc.uniqueArray(
    fc.oneof(
      size.map((box): Size => ({ kind: 'exact', name: `${box.width}x${box.height}`, ...box })),
      size.map((box): Size => ({ kind: 'preset', name: '480p', ...box })),
    ),
    { minLength: 1, maxLength: 3, selector: ({ name }) => name },
  )
  const format = fc.constantFrom('jpeg', 'png', 'webp')
  await fc.assert(
    fc.asyncProperty(size, sizes, fc.constantFrom(...fits), format, async (from, to, fit, stored) => {
      const source = await landmark(from.width, from.height).toFormat(stored).toBuffer()
      for (const image of await normalize(source, policyOf(to, { fit }))) {
        const { width, height } = await sharp(image.bytes).metadata()
        const wanted = to.find(({ name }) => name === image.variant)
        if (!wanted) throw new Error('a variant nobody asked for')
        expect({ width, height }).toEqual(outputSize(from, wanted))
        expect({ width: image.width, height: image.height }).toEqual({ width, height })
      }
    }),
    { numRuns: 60 },
  )
}, 30_000)

test.each([
  [1, 1],
  [7000, 2],
  [2, 7000],
])('a %d × %d picture comes out in every size and fit', async (width, height) => {
  const source = await landmark(width, height).jpeg().toBuffer()
  for (const fit of fits) {
    const policy = policyOf('1080p,480p,800x600,64x640', { fit })
    const images = await normalize(source, policy)
    expect(images.map(({ variant }) => variant)).toEqual(['1080p', '480p', '800x600', '64x640'])
    for (const [index, size] of policy.sizes.entries())
      expect(images[index]).toMatchObject(outputSize({ width, height }, size))
  }
})

// A second resampling and another JPEG shrink move edges by a fraction of a pixel; the mean stays within one step of 255.
test('five sizes of one decode differ from five decodes by less than one step of 255 on average', async () => {
  const photo = (await drawSamples()).find(({ path }) => path === 'large.jpg')
  if (!photo) throw new Error('no large.jpg')
  const sizes = parseSizes('1080p,720p,480p,800x600,320x240')
  const together = await normalize(photo.bytes, policyOf(sizes, { fit: 'cover' }))
  for (const [index, size] of sizes.entries()) {
    const alone = await only(photo.bytes, policyOf([size], { fit: 'cover' }))
    const { mean } = difference(await decode(together[index]?.bytes ?? new Uint8Array()), alone.pixels)
    expect(mean, size.name).toBeLessThan(1)
  }
})

describe('policyHash', () => {
  const policy = policyOf('720p,800x600')
  const changed: readonly [string, Partial<Policy>][] = [
    ['another size', { sizes: parseSizes('720p,800x601') }],
    ['one size fewer', { sizes: parseSizes('720p') }],
    ['another box of a preset', { sizes: policy.sizes.map((size) => ({ ...size, height: 600 })) }],
    ['another fit', { fit: 'cover' }],
    ['another background', { background: '#10c021' }],
    ['another quality', { quality: 94 }],
  ]

  test.each(changed)('changes with %s', (_, change) => {
    expect(policyHash({ ...policy, ...change })).not.toBe(policyHash(policy))
  })

  test('is a SHA-256 that the order of the sizes and the case of the colour leave alone', () => {
    expect(policyHash(policy)).toMatch(/^[0-9a-f]{64}$/)
    expect(policyHash({ ...policy, sizes: policy.sizes.toReversed(), background: '#10C020' })).toBe(policyHash(policy))
  })

  test('covers the libraries’ versions', () => {
    const { vips } = sharp.versions
    const before = policyHash(policy)
    try {
      sharp.versions.vips = '0.0.0'
      expect(policyHash(policy)).not.toBe(before)
    } finally {
      sharp.versions.vips = vips
    }
  })
})

test('the quality is the one asked for, and no metadata comes along', async () => {
  const source = await landmark(400, 300)
    .withExif({ IFD0: { Copyright: 'somebody' } })
    .jpeg()
    .toBuffer()
  const low = await only(source, policyOf('320x240', { quality: 30 }))
  const high = await only(source, policyOf('320x240', { quality: 95 }))
  expect(high.bytes.length).toBeGreaterThan(low.bytes.length * 1.5)
  expect((await sharp(high.bytes).metadata()).exif).toBeUndefined()
})

describe('a source on disk', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-normalize-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  test.each(['png', 'jpeg', 'webp'] as const)('is read anew when another %s has taken its place', async (format) => {
    const path = join(folder, `staged.${format}`)
    for (const colour of [
      [200, 20, 20],
      [20, 20, 200],
    ] as const) {
      await paint(64, 64, () => colour)
        .toFormat(format)
        .toFile(path)
      expectColour(colourAt((await only(path, policyOf('32x32'))).pixels, 16, 16), colour)
    }
  })

  test('is named in the sentence when it is not there', async () => {
    const path = join(folder, 'gone.jpg')
    await expect(normalize(path, policyOf('32x32'))).rejects.toThrow(
      `Cannot normalize as '${path}' must be a whole JPEG`,
    )
  })
})
