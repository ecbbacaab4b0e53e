import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  manifestKey,
  parseManifest,
  readManifest,
  type StageNumber,
  uniteManifests,
  writeManifest,
} from '../../../../tasks/pipeline/manifest.ts'
import { isS3Uri, parseS3Uri, s3Uri } from '../../../../tasks/pipeline/uri.ts'

const uris = { source_uri: 's3://raw/a b.jpg', output_uri: 's3://augmented/ü.jpg' }
const object1 = { ...uris, width: 10, height: 4, augmentation: 'flip()' }
const object2 = { ...uris, variant_name: '720p', width: 10, height: 4, normalization_policy_hash: 'h' }
const rest = { dataset_id: 'd', timestamp: '2026-11-21T09:44:46.123Z', object_count: 1, metadata: {} }
const first = { ...rest, stage: 1, objects: [object1] }
const second = { ...rest, stage: 2, objects: [object2] }

describe('a manifest', () => {
  test.each<[string, StageNumber, object]>([
    ['of stage 1', 1, first],
    ['of stage 2', 2, second],
    ['that names its stage as its folder does', 2, { ...second, stage: 'stage_2' }],
    ['whose time is Python’s', 1, { ...first, timestamp: '2026-11-21T09:44:46.123456+00:00' }],
    ['whose time is compact', 1, { ...first, timestamp: '20261121T094446Z' }],
    ['with keys beyond the contract', 1, { ...first, more: 1, objects: [{ ...object1, sha256: 'x' }] }],
    ['of nothing', 1, { ...first, object_count: 0, objects: [] }],
    ['with its augmentations in a list', 1, { ...first, objects: [{ ...object1, augmentation: ['flip', 'blur'] }] }],
  ])('%s is read', (_, stage, manifest) => {
    const { objects } = parseManifest(stage, JSON.stringify(manifest), 's3://m/x.json')
    expect<unknown>(objects).toEqual('objects' in manifest ? manifest.objects : [])
  })

  const broken = (change: object) => ({ ...second, objects: [{ ...object2, ...change }] })
  test.each<[string, object, string]>([
    ['of the other stage', first, "'stage' must be 2: current value is 1"],
    [
      'that miscounts',
      { ...second, object_count: 2 },
      "'object_count' must be the number of objects listed: current value is 2",
    ],
    ['without metadata', { ...second, metadata: undefined }, "'metadata' must be given: current value is nothing"],
    ['with a list for metadata', { ...second, metadata: [] }, "'metadata' must be an object: current value is []"],
    ['of no day', { ...second, timestamp: '2026-02-30T00:00:00Z' }, "'timestamp' must be a time in ISO 8601"],
    ['of no time', { ...second, timestamp: 'now' }, "'timestamp' must be a time in ISO 8601: current value is now"],
    [
      'of no data set',
      { ...second, dataset_id: '' },
      "'dataset_id' must be a text that is not empty: current value is empty",
    ],
    ['with an empty image', broken({ width: 0 }), "'objects.0.width' must be at least 1 pixel: current value is 0"],
    [
      'with half a pixel',
      broken({ height: 1.5 }),
      "'objects.0.height' must be a whole number of pixels: current value is 1.5",
    ],
    ['with a web address', broken({ output_uri: 'https://x/y' }), "'objects.0.output_uri' must be an s3://bucket/key"],
    ['without its variant', broken({ variant_name: undefined }), "'objects.0.variant_name' must be given"],
    ['with no object', { ...second, objects: [null] }, "'objects.0' must be an object: current value is null"],
  ])('%s is a sentence', (_, manifest, sentence) => {
    const result = readManifest(2, JSON.stringify(manifest), 's3://m/x.json')
    expect(result.ok ? 'read' : result.breach).toStartWith(`Cannot read the manifest s3://m/x.json as ${sentence}`)
  })

  test('that is no JSON is a sentence, thrown where it is asked for so', () => {
    expect(() => parseManifest(1, '<html>', 's3://m/x.json')).toThrow(
      /^Cannot read the manifest s3:\/\/m\/x\.json as 'content' must be JSON \(.*\): current value is <html>$/,
    )
  })

  test('that we write, we read', () => {
    const at = '2026-11-21T09:44:46.123Z'
    const written = writeManifest({ ...rest, stage: 2, objects: [object2] })
    expect<unknown>(parseManifest(2, written, 'x')).toEqual(second)
    expect(manifestKey('d', 2, new Date(at))).toBe('manifests/d/stage_2/20261121T094446123Z.json')
  })
})

describe('a union', () => {
  const numbered = (n: number) => ({ source_uri: `s3://raw/${n >> 1}`, output_uri: `s3://out/${n}` })
  const shares = fc.array(fc.array(fc.nat(20), { maxLength: 8 }), { maxLength: 6 })

  test('is the same however objects are shared among manifests, and says which output is named again', () => {
    fc.assert(
      fc.property(shares, (numbers) => {
        const flat = numbers.flat()
        const union = uniteManifests(numbers.map((share) => ({ objects: share.map(numbered) })))
        expect(union).toEqual({ ...uniteManifests([{ objects: flat.map(numbered) }]) })
        expect(union.outputs).toEqual([...new Set(flat.map((n) => `s3://out/${n}`))].sort())
        const again = new Set(flat.filter((n, at) => flat.indexOf(n) < at).map((n) => `s3://out/${n}`))
        expect(union.repeated).toEqual([...again].sort())
        expect(union.objects).toHaveLength(flat.length)
      }),
    )
  })

  test('holds the newer of two entries when its source or recipe changed', () => {
    const old = { ...uris, source_etag: '1', recipe: 'r' }
    const changed = { ...old, source_etag: '2' }
    const { objects, repeated } = uniteManifests([{ objects: [old] }, { objects: [changed] }])
    expect([objects, repeated]).toEqual([[changed], []])
    expect(uniteManifests([{ objects: [old, old] }]).repeated).toEqual([uris.output_uri])
  })
})

describe('a URI', () => {
  test('gives back bucket and key, whatever letters the key has', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (key) => {
        expect(parseS3Uri(s3Uri('raw', key))).toEqual({ bucket: 'raw', key })
      }),
    )
  })

  test.each(['', 'raw/a', 's3://raw', 's3://raw/', 's3:///a', 'https://raw/a', 'S3://raw/a'])('is not %j', (uri) => {
    expect(isS3Uri(uri)).toBe(false)
    expect(() => parseS3Uri(uri)).toThrow(/^Cannot find an object as 'uri' must be s3:\/\/bucket\/key/)
  })
})
