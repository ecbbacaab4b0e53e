import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { parseSizes, type Size } from '../../tasks/images/sizes.ts'
import { fuzz, tried } from './fuzz.ts'

const side = fc.oneof(
  fc.integer({ min: 1, max: 16_383 }).map(String),
  fc.constantFrom('0', '1', '16383', '16384', '0800', '-8', '1.5', '1e3', '٣', '99999999999999999999', ''),
)
const exact = fc
  .tuple(side, fc.constantFrom('x', 'x', 'x', 'X', '×', '*', ' x ', ''), side)
  .map((parts) => parts.join(''))
const good = fc
  .tuple(fc.integer({ min: 1, max: 16_383 }), fc.integer({ min: 1, max: 16_383 }))
  .map(([w, h]) => `${w}x${h}`)
const preset = fc.constantFrom('1080p', '720p', '480p', '720P', ' 480p', '1080p\t')
const odd = fc.constantFrom('', ' ', '4k', '1080', 'p', '1080p720p', 'toString', '__proto__', '１０８０p', '1080p;')
const token = fc.oneof(
  { arbitrary: good, weight: 6 },
  { arbitrary: preset, weight: 4 },
  { arbitrary: exact, weight: 2 },
  { arbitrary: odd, weight: 1 },
)
const lists = fc.oneof(
  { arbitrary: fc.array(token, { minLength: 1, maxLength: 4 }).map((tokens) => tokens.join(',')), weight: 9 },
  { arbitrary: fc.string({ unit: 'binary', maxLength: 8 }), weight: 1 },
)

test(
  'a list of sizes is read as it says, or refused by a sentence',
  () =>
    fuzz('sizes', 3000, lists, (text) => {
      const read = tried(() => parseSizes(text))
      const expected = sizesOf(text)
      expect(read.verdict === 'accepted' ? read.value : undefined).toEqual(expected)
      if (read.verdict === 'refused')
        expect(read.sentence).toStartWith("Cannot normalize as 'sizes' must be a list of sizes")
      else expect(parseSizes(read.value.map(({ name }) => name).join(','))).toEqual(read.value)
      return read.verdict
    }),
  600_000,
)

/** The same in another way; undefined: no list of sizes. */
function sizesOf(text: string): Size[] | undefined {
  const sizes = text.split(',').map((part) => sizeOf(part.trim().toLowerCase()))
  const found = sizes.filter((size) => size !== undefined)
  const names = new Set(found.map(({ name }) => name))
  return found.length === sizes.length && names.size === sizes.length ? found : undefined
}

function sizeOf(token: string): Size | undefined {
  switch (token) {
    case '1080p':
      return { kind: 'preset', name: token, width: 1920, height: 1080 }
    case '720p':
      return { kind: 'preset', name: token, width: 1280, height: 720 }
    case '480p':
      return { kind: 'preset', name: token, width: 854, height: 480 }
  }
  const sides = token.split('x')
  const [width = 0, height = 0] = sides.map((side) =>
    [...side].every((digit) => '0123456789'.includes(digit)) ? Number(side) : 0,
  )
  if (sides.length !== 2 || Math.min(width, height) < 1 || Math.max(width, height) > 16_383) return undefined
  return { kind: 'exact', name: `${width}x${height}`, width, height }
}
