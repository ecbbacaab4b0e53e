import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { readManifest, uniteManifests, writeManifest } from '../../tasks/pipeline/manifest.ts'
import { edited, edits } from './edit.ts'
import { fuzz } from './fuzz.ts'

const times = fc.oneof(
  fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }).map((date) => date.toISOString()),
  fc.constantFrom(
    '20261121T094446Z',
    '2026-11-21 09:44',
    '2026-11-21T09:44:46.123456+00:00',
    '2026-11-21T09:44:46,5-0330',
  ),
)
const notTimes = fc.constantFrom(
  '',
  'now',
  '2026-13-01T00:00:00Z',
  '2026-02-30T00:00:00Z',
  '2026-11-21T24:01Z',
  '2026-11-21',
)
const keys = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 })
const uris = fc.tuple(fc.constantFrom('raw', 'my.bucket-1', 'AB'), keys).map(([bucket, key]) => `s3://${bucket}/${key}`)
const notUris = fc.constantFrom(
  '',
  's3://raw',
  's3://raw/',
  's3:///a',
  's3://r/a',
  's3://-raw/a',
  'https://x/y',
  'S3://raw/a',
)
const pixels = fc.integer({ min: 1, max: 1e6 })
const words = fc.string({ unit: 'binary', minLength: 1, maxLength: 6 })

const common = { source_uri: uris, output_uri: uris, width: pixels, height: pixels }
const object1 = fc.record({
  ...common,
  augmentation: fc.oneof(words, fc.constant({ flip: true }), fc.constant(['flip'])),
})
const object2 = fc.record({ ...common, variant_name: words, normalization_policy_hash: words })
const rest = { dataset_id: words, timestamp: times, metadata: fc.dictionary(words, words, { maxKeys: 2 }) }
const manifests = fc
  .oneof(
    fc.record({ ...rest, stage: fc.constantFrom(1, '1', 'stage_1'), objects: fc.array(object1, { maxLength: 4 }) }),
    fc.record({ ...rest, stage: fc.constantFrom(2, '2', 'stage2'), objects: fc.array(object2, { maxLength: 4 }) }),
  )
  .map((manifest) => ({ ...manifest, object_count: manifest.objects.length }))

const damages = fc.oneof(
  { arbitrary: fc.constant((text: string) => text), weight: 5 },
  { arbitrary: edits.map((edit) => (text: string) => JSON.stringify(edited(JSON.parse(text), edit))), weight: 3 },
  { arbitrary: fc.nat().map((at) => (text: string) => text.slice(0, at % text.length)), weight: 1 },
  {
    arbitrary: fc.tuple(notTimes, notUris).map(([time, uri]) => (text: string) => {
      const { objects, ...others } = JSON.parse(text)
      if (objects.length === 0) return JSON.stringify({ ...others, objects, timestamp: time })
      return JSON.stringify({ ...others, objects: [{ ...objects[0], output_uri: uri }, ...objects.slice(1)] })
    }),
    weight: 1,
  },
  { arbitrary: fc.constantFrom('', 'null', '[]', '<html>', '\ufeff{}', 'NaN').map((text) => () => text), weight: 1 },
)

test(
  'a manifest is read whole, or refused by a sentence that names the place',
  () =>
    fuzz('manifests', 1500, fc.tuple(manifests, damages), ([manifest, damage]) => {
      const stage = String(manifest.stage).endsWith('1') ? 1 : 2
      const text = damage(JSON.stringify(manifest))
      const read = readManifest(stage, text, 's3://m/x.json')
      const honest = isManifest(stage, jsonOf(text))
      expect(read.ok).toBe(honest)
      if (!read.ok) {
        expect(read.breach).toMatch(
          /^Cannot read the manifest s3:\/\/m\/x\.json as '[\s\S]+' must be [\s\S]+: current value/,
        )
        expect(read.breach.length).toBeLessThan(1000)
        return 'refused'
      }
      const again = readManifest(stage, writeManifest(read.manifest), 'x')
      expect(again).toEqual(read)
      // The names that valibot lets no object have are all that may be lost.
      const plain: unknown = JSON.parse(text, (name, value) => (poisoned.has(name) ? undefined : value))
      expect<unknown>(read.manifest).toEqual({ ...Object(plain), stage })
      const named = read.manifest.objects.map(({ source_uri, output_uri }) => ({ source_uri, output_uri }))
      const { outputs } = uniteManifests([{ objects: named }, { objects: named }])
      expect(outputs).toEqual([...new Set(named.map(({ output_uri }) => output_uri))].sort())
      return 'accepted'
    }),
  600_000,
)

const poisoned = new Set(['__proto__', 'prototype', 'constructor'])

/** What DESIGN §7 says of a manifest, in plain code. */
function isManifest(stage: 1 | 2, value: unknown): boolean {
  const manifest = membersOf(value)
  const objects = manifest?.get('objects')
  return (
    isWord(manifest?.get('dataset_id')) &&
    [stage, `${stage}`, `stage_${stage}`, `stage${stage}`].some((name) => name === manifest?.get('stage')) &&
    isTime(manifest?.get('timestamp')) &&
    membersOf(manifest?.get('metadata')) !== undefined &&
    Array.isArray(objects) &&
    manifest?.get('object_count') === objects.length &&
    objects.every((object) => isObject(stage, membersOf(object)))
  )
}

function isObject(stage: 1 | 2, object: ReadonlyMap<string, unknown> | undefined): boolean {
  if (object === undefined) return false
  const optional = (name: string) => !object.has(name) || isWord(object.get(name))
  const augmentation = object.get('augmentation')
  return (
    isUri(object.get('source_uri')) &&
    isUri(object.get('output_uri')) &&
    isSide(object.get('width')) &&
    isSide(object.get('height')) &&
    (stage === 1
      ? (isWord(augmentation) || (typeof augmentation === 'object' && augmentation !== null)) &&
        optional('annotation_format') &&
        optional('converter_version')
      : isWord(object.get('variant_name')) && isWord(object.get('normalization_policy_hash')))
  )
}

function isUri(value: unknown): boolean {
  if (typeof value !== 'string' || !value.startsWith('s3://')) return false
  const slash = value.indexOf('/', 5)
  const bucket = slash === -1 ? '' : value.slice(5, slash)
  const plain = [...bucket].every((letter) => isAlphanumeric(letter) || '._-'.includes(letter))
  return (
    bucket.length >= 2 && bucket.length <= 63 && plain && isAlphanumeric(bucket[0] ?? '') && slash + 1 < value.length
  )
}

const isAlphanumeric = (letter: string) =>
  'abcdefghijklmnopqrstuvwxyz0123456789'.includes(letter.toLowerCase()) && letter <= 'z'

/** Year, month, day, hour and minute of a real day, in either form of ISO 8601; seconds and zone where they are given. */
function isTime(value: unknown): boolean {
  if (typeof value !== 'string') return false
  let left = value
  const skip = (letters: string) => {
    const there = left !== '' && letters.includes(left[0] ?? '')
    if (there) left = left.slice(1)
    return there
  }
  const digits = (count: number) => {
    const text = left.slice(0, count)
    left = left.slice(count)
    return text.length === count && [...text].every((digit) => digit >= '0' && digit <= '9') ? Number(text) : Number.NaN
  }
  const within = (number: number, low: number, high: number) => number >= low && number <= high
  const year = digits(4)
  skip('-')
  const month = digits(2)
  skip('-')
  const day = digits(2)
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0
  if (Number.isNaN(year) || !within(day, 1, days) || !skip('T ')) return false
  if (!within(digits(2), 0, 23)) return false
  skip(':')
  if (!within(digits(2), 0, 59)) return false
  if (left.startsWith(':') || (left !== '' && left[0] !== undefined && left[0] >= '0' && left[0] <= '9')) {
    skip(':')
    if (!within(digits(2), 0, 60)) return false
    const point = skip('.,')
    const fraction = left.search(/\D|$/)
    if (point && fraction === 0) return false
    left = left.slice(fraction)
  }
  // As our own regular expression has it: one space may stand before the zone.
  if (left.trim() === 'Z' || left === '') return left.length <= 2
  if (left.startsWith(' ')) left = left.slice(1)
  if (!skip('+-') || !within(digits(2), 0, 23)) return false
  if (left === '') return true
  skip(':')
  return within(digits(2), 0, 59) && left === ''
}

const isWord = (value: unknown) => typeof value === 'string' && value !== ''
const isSide = (value: unknown) => Number.isInteger(value) && Number(value) >= 1

function membersOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return new Map(Object.entries(value))
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
