import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { parseParams } from '../../../lib/plan/param.ts'
import { isOutputSize, outputSize, parseSizes, pictureSize, sizeList } from '../../../tasks/images/sizes.ts'

const side = fc.integer({ min: 1, max: 16_383 })
const source = fc.record({ width: side, height: side })
const preset = fc.constantFrom('1080p', '720p', '480p').map((name) => only(name))

function only(text: string) {
  const [size] = parseSizes(text)
  if (!size) throw new Error(`no size in ${text}`)
  return size
}

describe('parseSizes', () => {
  test('reads presets and exact sizes in their order', () => {
    expect(parseSizes(' 720P, 800x600,1080p')).toEqual([
      { kind: 'preset', name: '720p', width: 1280, height: 720 },
      { kind: 'exact', name: '800x600', width: 800, height: 600 },
      { kind: 'preset', name: '1080p', width: 1920, height: 1080 },
    ])
  })

  test.each([
    ['', 'at least one', 'empty'],
    ['  ', 'at least one', '  '],
    ['800x', "'800x' is neither 1080p, 720p, 480p nor WIDTHxHEIGHT", '800x'],
    ['4k?', "'4k?' is neither 1080p, 720p, 480p nor WIDTHxHEIGHT", '4k?'],
    ['720p,', "'' is neither 1080p, 720p, 480p nor WIDTHxHEIGHT", '720p,'],
    ['1.5x2', "'1.5x2' is neither 1080p, 720p, 480p nor WIDTHxHEIGHT", '1.5x2'],
    ['-8x6', "'-8x6' is neither 1080p, 720p, 480p nor WIDTHxHEIGHT", '-8x6'],
    ['toString', "'tostring' is neither 1080p, 720p, 480p nor WIDTHxHEIGHT", 'toString'],
    ['0x0', "each side of '0x0' from 1 to 16383", '0x0'],
    ['800x99999', "each side of '800x99999' from 1 to 16383", '800x99999'],
    ['720p,720p', "'720p' is there twice", '720p,720p'],
    ['8x6,08x06', "'08x06' is there twice", '8x6,08x06'],
  ])('refuses %j with a sentence', (text, why, shown) => {
    expect(() => parseSizes(text)).toThrow(
      `Cannot normalize as 'sizes' must be a list of sizes like 1080p,720p,800x600 (${why}): current value is ${shown}`,
    )
  })

  test('gives any list of different exact sizes back', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(source, { minLength: 1, selector: ({ width, height }) => `${width}x${height}` }),
        (all) => {
          const text = all.map(({ width, height }) => `${width}x${height}`).join(',')
          expect(parseSizes(text).map(({ width, height }) => ({ width, height }))).toEqual(all)
        },
      ),
    )
  })

  test('throws nothing but its sentence whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9xp,k ]{0,12}$/)), (text) => {
        try {
          expect(parseSizes(text).length).toBeGreaterThan(0)
        } catch (error) {
          expect(String(error)).toStartWith("Problem: Cannot normalize as 'sizes' must be a list of sizes")
        }
      }),
    )
  })
})

test('sizeList is a parameter whose sentence names it', () => {
  const params = { sizes: sizeList('720p', { env: 'NORMALIZE_SIZES' }) }
  expect(parseParams(params, {}, 'run stage2').sizes).toEqual(parseSizes('720p'))
  expect(params.sizes.env).toBe('NORMALIZE_SIZES')
  expect(() => parseParams(params, { sizes: '800x' }, 'run stage2')).toThrow(
    "Cannot run stage2 as 'sizes' must be a list of sizes like 1080p,720p,800x600 ('800x' is neither",
  )
})

describe('outputSize', () => {
  test.each([
    [{ width: 4032, height: 3024 }, '1080p', { width: 1440, height: 1080 }],
    [{ width: 3024, height: 4032 }, '1080p', { width: 810, height: 1080 }],
    [{ width: 4000, height: 1000 }, '720p', { width: 1280, height: 320 }],
    [{ width: 640, height: 480 }, '720p', { width: 640, height: 480 }],
    [{ width: 8000, height: 3 }, '480p', { width: 854, height: 1 }],
    [{ width: 1, height: 1 }, '800x600', { width: 800, height: 600 }],
  ])('of %p at %s is %p', (from, size, expected) => {
    expect(outputSize(from, only(size))).toEqual(expected)
  })

  test('never enlarges at a preset, never leaves its box, and keeps the aspect to half a pixel', () => {
    fc.assert(
      fc.property(source, preset, (from, size) => {
        const to = outputSize(from, size)
        expect(to.width).toBeLessThanOrEqual(Math.min(from.width, size.width))
        expect(to.height).toBeLessThanOrEqual(Math.min(from.height, size.height))
        const scale = Math.min(1, size.width / from.width, size.height / from.height)
        expect(Math.abs(to.width - Math.max(1, from.width * scale))).toBeLessThanOrEqual(0.5)
        expect(Math.abs(to.height - Math.max(1, from.height * scale))).toBeLessThanOrEqual(0.5)
        expect(isOutputSize(from, size, to)).toBe(true)
      }),
    )
  })

  test('has the picture inside it with contain and around it with cover', () => {
    fc.assert(
      fc.property(source, source, (from, to) => {
        const size = only(`${to.width}x${to.height}`)
        const contained = pictureSize(from, size, 'contain')
        const covering = pictureSize(from, size, 'cover')
        expect(contained.width <= to.width && contained.height <= to.height).toBe(true)
        expect(contained.width === to.width || contained.height === to.height).toBe(true)
        expect(covering.width >= to.width && covering.height >= to.height).toBe(true)
        expect(covering.width === to.width || covering.height === to.height).toBe(true)
        expect(pictureSize(from, size, 'fill')).toEqual(to)
      }),
    )
  })
})

test.each([
  ['480p', { width: 640, height: 480 }, true, 'as expected'],
  ['480p', { width: 639, height: 480 }, true, 'rounded down'],
  ['480p', { width: 641, height: 480 }, true, 'rounded up'],
  ['480p', { width: 642, height: 480 }, false, 'another aspect'],
  ['480p', { width: 641, height: 481 }, false, 'out of the box'],
  ['480p', { width: 4032, height: 3024 }, false, 'not resized'],
  ['800x600', { width: 800, height: 600 }, true, 'exactly'],
  ['800x600', { width: 799, height: 600 }, false, 'a pixel short'],
])('a 12 MP photo at %s stored as %p: %p, %s', (size, actual, expected) => {
  expect(isOutputSize({ width: 4032, height: 3024 }, only(size), actual)).toBe(expected)
})

test('a picture smaller than a preset must not be enlarged by even a pixel', () => {
  expect(isOutputSize({ width: 100, height: 50 }, only('480p'), { width: 100, height: 50 })).toBe(true)
  expect(isOutputSize({ width: 100, height: 50 }, only('480p'), { width: 101, height: 50 })).toBe(false)
})
