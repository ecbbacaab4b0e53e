import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Finding } from '../../../lib/plan/check.ts'
import { outputSize, parseSizes } from '../../../tasks/images/sizes.ts'
import type { Arrival, OutputObject, StageReport } from '../../../tasks/pipeline/evidence.ts'
import { judgeSecondPass, judgeStage } from '../../../tasks/pipeline/judge.ts'
import { judgeRefusal, judgeStaging } from '../../../tasks/pipeline/judge-staging.ts'

interface Shape {
  readonly sizes?: string
  readonly sources?: readonly { readonly width: number; readonly height: number }[]
  /** When a file is final, and what is known of its object's arrival. */
  readonly finalAt?: number
  readonly arrival?: Arrival
}

/** The report of a stage 2 that did everything right. */
function report({
  sizes = '720p,64x48',
  sources = [
    { width: 1400, height: 1000 },
    { width: 10, height: 3000 },
  ],
  ...when
}: Shape = {}): StageReport {
  const { finalAt = 1000, arrival = { by: 'store', receivedAt: 1001 } } = when
  const given = sources.map((size, i) => ({ ...size, uri: `s3://in/${i}.jpg`, bytes: i, sha256: `s${i}` }))
  const made = given.flatMap((source) =>
    parseSizes(sizes).map((size) => ({
      source,
      size,
      path: `${size.name}/${source.uri.slice(5)}`,
      ...outputSize(source, size),
    })),
  )
  const outputs = made.map(
    ({ path, width, height }, i): OutputObject => ({
      uri: `s3://out/${path}`,
      path,
      etag: `e${i}`,
      bytes: 100 + i,
      sha256: `o${i}`,
      image: { kind: 'decoded', width, height },
      arrival,
    }),
  )
  const objects = made.map(({ source, size, path, width, height }) => ({
    source_uri: source.uri,
    output_uri: `s3://out/${path}`,
    variant_name: size.name,
    width,
    height,
  }))
  const files = [
    ...given.map(({ bytes, sha256, uri }) => ({ path: `input/${uri.slice(5)}`, uri, bytes, sha256 })),
    ...outputs.map(({ bytes, sha256, path, uri }) => ({ path: `output/${path}`, uri, bytes, sha256 })),
  ]
  return {
    stage: 'stage2',
    command: 'x',
    mode: 'poll',
    sizes,
    dataset: 'd',
    output: { bucket: 'out', prefix: '' },
    ended: { stop: 'term', code: 0 },
    seconds: 1,
    firstObject: 0.5,
    sources: given,
    outputs,
    manifests: [{ kind: 'valid', uri: 's3://m/1.json', objects }],
    files: files.map(({ path, bytes, sha256 }) => ({ path, firstSeenAt: 0, content: { bytes, sha256, finalAt } })),
    log: { lines: files.length, jsonLines: files.length, files, last: [] },
  }
}

function verdictsOf(findings: readonly Finding[]) {
  return new Set(findings.map(({ verdict }) => verdict))
}
const upload = (one: StageReport) => judgeStaging(one).find(({ name }) => name.includes('before its upload'))

test('whatever the images and sizes, a stage that did everything right passes everything', () => {
  const side = fc.integer({ min: 1, max: 9000 })
  const size = fc.oneof(
    fc.constantFrom('1080p', '720p', '480p'),
    fc.tuple(side, side).map(([w, h]) => `${w}x${h}`),
  )
  const sizes = fc.uniqueArray(size, { minLength: 1, maxLength: 5 }).map((list) => list.join(','))
  const sources = fc.array(fc.record({ width: side, height: side }), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(sizes, sources, (sizes, sources) => {
      const one = report({ sizes, sources })
      expect(verdictsOf([...judgeStage(one), ...judgeStaging(one)])).toEqual(new Set(['pass']))
    }),
    { numRuns: 200 },
  )
})

test('the number of findings does not grow with the number of images', () => {
  const many = Array.from({ length: 500 }, () => ({ width: 100, height: 80 }))
  const broken = { ...report({ sources: many }), outputs: [] }
  expect(judgeStage(broken).length).toBe(judgeStage(report()).length)
  for (const finding of judgeStage(broken)) expect(JSON.stringify(finding).length).toBeLessThan(1000)
})

describe('the order of file and upload', () => {
  test.each([
    ['its file is older than the request', 1000, { by: 'store', receivedAt: 1001 }, 'pass'],
    ['both are of the same millisecond', 1000.9, { by: 'store', receivedAt: 1000 }, 'pass'],
    ['its file is younger than the request', 1010, { by: 'store', receivedAt: 1000 }, 'fail'],
    [
      'its file was there at a listing without the object',
      1000,
      { by: 'listing', absentAt: 1005, presentAt: 1090 },
      'pass',
    ],
    ['its file came between the two listings', 1010, { by: 'listing', absentAt: 1005, presentAt: 1090 }, 'undecided'],
    [
      'its file came after the listing with the object',
      1100,
      { by: 'listing', absentAt: 1005, presentAt: 1090 },
      'fail',
    ],
    ['nobody knows when the object came', 1000, { by: 'none' }, 'undecided'],
  ] as const)('%s', (_what, finalAt, arrival, verdict) => {
    expect(upload(report({ finalAt, arrival }))?.verdict).toBe(verdict)
  })

  test('one object that came early is enough, however many can not be told', () => {
    const one = report({ finalAt: 1010, arrival: { by: 'listing', absentAt: 1005, presentAt: 1090 } })
    const [first, ...others] = one.outputs
    if (!first) throw new Error('no outputs')
    const early = { ...first, arrival: { by: 'store', receivedAt: 900 } as const }
    expect(upload({ ...one, outputs: [early, ...others] })).toMatchObject({
      verdict: 'fail',
      actual: expect.stringContaining('110 ms before its file'),
    })
  })
})

describe('evidence that is too thin is undecided and says why', () => {
  test('files that were gone before they could be read', () => {
    const one = report()
    const files = one.files.map(({ path, firstSeenAt }) => ({ path, firstSeenAt }))
    const undecided = judgeStaging({ ...one, files }).filter(({ verdict }) => verdict === 'undecided')
    expect(undecided.length).toBe(4)
    expect(undecided[0]).toMatchObject({
      reason: expect.stringContaining('2 files were gone before they could be read'),
    })
  })

  test('a manifest that can not be read beside one that can', () => {
    const one = report()
    const breach = { kind: 'breach', uri: 's3://m/2.json', sentence: 'Cannot read it' } as const
    const [manifest] = one.manifests
    if (manifest?.kind !== 'valid') throw new Error('no manifest')
    const half = { ...manifest, objects: manifest.objects.slice(2) }
    const found = judgeStage({ ...one, manifests: [half, breach] })
    expect(found.filter(({ verdict }) => verdict === 'fail').map(({ name }) => name)).toEqual([
      'manifests follow their schema',
    ])
    expect(found.find(({ name }) => name.includes('once'))?.verdict).toBe('undecided')
  })
})

test.each([
  ['none was put in', { kind: 'ended before' }, 'by itself', 'undecided'],
  ['it ended just then', { kind: 'put', uri: 's3://in/late.jpg' }, 'by itself', 'undecided'],
  ['it polled on', { kind: 'put', uri: 's3://in/late.jpg' }, 'term', 'fail'],
  ['it was picked up', { kind: 'put', uri: 's3://in/0.jpg' }, 'term', 'pass'],
] as const)('a late image: %s', (_what, late, stop, verdict) => {
  const found = judgeStage({ ...report(), late, ended: { stop, code: 0 } })
  expect(found.find(({ name }) => name.includes('is picked up'))?.verdict).toBe(verdict)
})

test('an output whose source changed is made anew, and that is no second naming', () => {
  const one = report()
  const [manifest] = one.manifests
  if (manifest?.kind !== 'valid') throw new Error('no manifest')
  const version = (source_etag: string) => ({
    ...manifest,
    objects: manifest.objects.map((o) => ({ ...o, source_etag })),
  })
  expect(verdictsOf(judgeStage({ ...one, manifests: [version('1'), version('2')] }))).toEqual(new Set(['pass']))
  const twice = judgeStage({ ...one, manifests: [version('1'), version('1')] })
  expect(twice.filter(({ verdict }) => verdict === 'fail').map(({ name }) => name)).toEqual([
    'manifests name every source and output once',
  ])
})

test.each([
  [{ stop: 'by itself', code: 28 }, [], [], 'pass'],
  [{ stop: 'term', signal: 'SIGTERM' }, [], [], 'pass'],
  [{ stop: 'by itself', code: 0 }, [], [], 'fail'],
  [{ stop: 'by itself', code: 28 }, ['input/a'], [], 'fail'],
  [{ stop: 'by itself', code: 28 }, [], ['s3://out/a'], 'fail'],
] as const)('no space: ended %j, staged %j, written %j: %s', (ended, staged, written, verdict) => {
  expect(judgeRefusal({ ended, staged: [...staged], written: [...written], last: [] }).verdict).toBe(verdict)
})

test.each(['created', 'rewritten', 'named', 'results'] as const)('a second pass with anything %s fails', (what) => {
  const nothing = { ended: { stop: 'by itself', code: 0 } as const, created: [], rewritten: [], named: [], results: [] }
  expect(judgeSecondPass(nothing).verdict).toBe('pass')
  expect(judgeSecondPass({ ...nothing, [what]: ['x'] })).toMatchObject({
    verdict: 'fail',
    actual: expect.stringContaining('x'),
  })
})
