import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { parseSizes } from '../../../../tasks/images/sizes.ts'
import { augmentStage } from '../../../../tasks/pipeline/stage/augment-stage.ts'
import { sha256 } from '../../../../tasks/pipeline/stage/digest.ts'
import { normalizeStage } from '../../../../tasks/pipeline/stage/normalize-stage.ts'
import { runStage } from '../../../../tasks/pipeline/stage/run-stage.ts'
import { parseS3Uri } from '../../../../tasks/pipeline/uri.ts'
import { bomb, decode, jpeg, type LogEvent, type Rig, stageRig } from './rig.ts'

let rig: Rig
beforeAll(async () => {
  rig = await stageRig()
})
afterAll(() => rig.stop())

const policy = { fit: 'contain', background: '#ffffff', format: 'jpeg', quality: 80 } as const
const stage2 = (sizes = '32x32,480p') => normalizeStage({ ...policy, sizes: parseSizes(sizes) })
const stage1 = (variants = 2) => augmentStage({ seed: 7, variants })

describe('a pass', () => {
  test('stores every variant of every image and names each once with its true size', async () => {
    const set = rig.dataset(2)
    await set.put('a.jpg', await jpeg(1))
    await set.put('deep/er/a.jpg', await jpeg(2, 1200, 900))
    const { summary } = await set.run(stage2())
    expect(summary).toMatchObject({ images: 2, outputs: 4, failed: 0, ended: 'done' })
    const expected = ['32x32/a.jpg.jpg', '32x32/deep/er/a.jpg.jpg', '480p/a.jpg.jpg', '480p/deep/er/a.jpg.jpg']
    expect(await set.outputs()).toEqual(expected)
    const { objects, outputs, repeated } = await set.union()
    expect(outputs).toEqual(expected.map(set.outputUri))
    expect(repeated).toEqual([])
    for (const { output_uri, width, height } of objects) {
      const { bucket, key } = parseS3Uri(output_uri)
      expect(await sharp(await rig.s3.get(bucket, key)).metadata()).toMatchObject({ width, height, format: 'jpeg' })
    }
    const [manifest] = await set.manifests()
    expect(await set.manifestKeys()).toHaveLength(1)
    expect(manifest).toMatchObject({ dataset_id: set.name, stage: 2, object_count: 4, metadata: { failed: [] } })
  })

  test('keeps apart base names of several folders and extensions, and takes spaces and letters of any script', async () => {
    const set = rig.dataset(2)
    const image = sharp(await jpeg(3))
    const names = [
      'x/photo.jpg',
      'y/photo.jpg',
      'x/photo.png',
      'photo.JPG',
      'Straße nach 東京 100%+?#.jpg',
      'a/../b.jpg',
    ]
    for (const name of names) {
      await set.put(
        name,
        name.endsWith('png') ? await image.clone().png().toBuffer() : await image.clone().jpeg().toBuffer(),
      )
    }
    await set.run(stage2('32x32'))
    expect(await set.outputs()).toEqual(names.map((name) => `32x32/${name}.jpg`).sort())
    const { sources, outputs } = await set.union()
    expect(sources).toEqual(names.map(set.source).sort())
    expect(outputs).toHaveLength(names.length)
  })

  test('is the last one: a second run does nothing and writes nothing', async () => {
    const set = rig.dataset(1)
    await set.put('a.jpg', await jpeg(4))
    await set.run(stage1())
    const before = [await set.manifestKeys(), await rig.s3.list('augmented', set.prefix)]
    const { summary, of } = await set.run(stage1())
    expect(summary).toMatchObject({ images: 0, outputs: 0, known: 1, manifests: [] })
    expect(of('staged')).toEqual([])
    expect([await set.manifestKeys(), await rig.s3.list('augmented', set.prefix)]).toEqual(before)
    expect(await set.marks()).toEqual([])
  })

  test('does a source again that has changed, and one made by another recipe; the union names the newest', async () => {
    const set = rig.dataset(2)
    await set.put('a.jpg', await jpeg(5))
    await set.put('b.jpg', await jpeg(6))
    await set.run(stage2('32x32'))
    await set.put('a.jpg', await jpeg(7))
    expect((await set.run(stage2('32x32'))).summary).toMatchObject({ images: 1, known: 1 })
    expect((await set.run(stage2('16x16'))).summary).toMatchObject({ images: 2 })
    const { repeated, outputs, objects } = await set.union()
    expect(repeated).toEqual([])
    expect(outputs).toHaveLength(4)
    expect(objects).toHaveLength(4)
  })

  test('takes as processed what another program’s manifest names', async () => {
    const set = rig.dataset(2)
    await set.put('a.jpg', await jpeg(8))
    const object = { variant_name: 'x', width: 1, height: 1, normalization_policy_hash: 'h' }
    const theirs = {
      dataset_id: set.name,
      stage: 2,
      timestamp: '2026-11-21T00:00:00Z',
      object_count: 1,
      objects: [{ ...object, source_uri: set.source('a.jpg'), output_uri: 's3://normalized/x/a.jpg' }],
      metadata: {},
    }
    await rig.s3.put('manifests', `manifests/${set.name}/stage_2/1.json`, JSON.stringify(theirs))
    expect((await set.run(stage2())).summary).toMatchObject({ images: 0, known: 1 })
  })
})

describe('local disk', () => {
  test('holds each input and output before the store does, as the log says, and is empty afterwards', async () => {
    const set = rig.dataset(2)
    await set.put('a.jpg', await jpeg(9))
    const root = set.options.nvmeRoot
    const seen: string[] = []
    const { events, of } = await set.run(stage2('32x32'), {}, (event) => {
      if (event.event !== 'staged' && event.event !== 'written') return false
      const { path, bytes, sha256: digest } = facts(event)
      // Read at the moment of the event: what the log says of the file is true then.
      const content = readFileSync(path)
      expect([content.length, sha256(content)]).toEqual([bytes, digest])
      seen.push(path.slice(root.length + 1).split('/')[0] ?? '')
      return false
    })
    expect(seen).toEqual(['input', 'output'])
    const [uploaded] = of('uploaded').map(facts)
    const { bucket, key } = parseS3Uri(uploaded?.uri ?? '')
    expect(sha256(await rig.s3.get(bucket, key))).toBe(uploaded?.sha256 ?? '')
    const order = events.map(({ event }) => event).filter((event) => ['staged', 'written', 'uploaded'].includes(event))
    expect(order).toEqual(['staged', 'written', 'uploaded'])
    const took = events.flatMap((event) => (event.event === 'uploaded' ? [event.seconds] : []))
    expect(took.every((seconds) => typeof seconds === 'number' && seconds > 0)).toBe(true)
    for (const folder of ['input', 'work', 'output']) expect(await readdir(join(root, folder))).toEqual([])
  })

  test('with too little room is refused in a sentence before anything is read', async () => {
    const set = rig.dataset(2)
    // Nothing listens there: whatever is asked of the store would end in another sentence.
    const nowhere = { ...rig.s3, list: refuse, get: refuse, hasBucket: refuse, put: refuse, putNew: refuse }
    const run = runStage(stage2(), nowhere, { ...set.options, nvmeMinGb: 1e9 }, silent)
    await expect(run).rejects.toThrow(
      /^Cannot start the stage as 'NVME_MIN_GB' must be at most what is free under .*: current value is 1000000000 GB/,
    )
  })
})

describe('images that can’t be done', () => {
  test('are named with the reason, stop no other, and are not tried again until they change', async () => {
    const set = rig.dataset(2)
    const good = await jpeg(10, 400, 300)
    await set.put('good.jpg', good)
    await set.put('truncated.jpg', good.slice(0, 300))
    await set.put('text.jpg', 'this is no image')
    await set.put('empty.png', '')
    await set.put('bomb.png', bomb(20_000))
    await set.put('notes.txt', 'not looked at')
    const first = await set.run(stage2('32x32'))
    expect(first.summary).toMatchObject({ images: 1, failed: 4 })
    expect(
      first
        .of('failed')
        .map(({ uri }) => uri)
        .sort(),
    ).toEqual(['bomb.png', 'empty.png', 'text.jpg', 'truncated.jpg'].map(set.source))
    for (const { reason, again } of first.of('failed'))
      expect([String(reason).length > 10, again]).toEqual([true, false])
    expect(await set.outputs()).toEqual(['32x32/good.jpg.jpg'])
    const [manifest] = await set.manifests()
    expect(manifest?.metadata.failed).toHaveLength(4)
    const second = await set.run(stage2('32x32'))
    expect(second.summary).toMatchObject({ images: 0, failed: 0, known: 5 })
    await set.put('text.jpg', good)
    expect((await set.run(stage2('32x32'))).summary).toMatchObject({ images: 1, failed: 0 })
  }, 20_000)

  test('are a failure of the stage when there is no other', async () => {
    const set = rig.dataset(1)
    await set.put('text.jpg', 'this is no image')
    const failure = { name: 'Failure', message: expect.stringContaining('every image failed') }
    await expect(set.run(stage1())).rejects.toMatchObject(failure)
    await expect(set.run(stage1())).rejects.toMatchObject(failure)
  })

  test('because the store is away are tried again', async () => {
    const set = rig.dataset(2)
    await set.put('a.jpg', await jpeg(11))
    const away = {
      ...rig.s3,
      get: (bucket: string, key: string) => (bucket === 'augmented' ? refuse() : rig.s3.get(bucket, key)),
    }
    const events: LogEvent[] = []
    const log = (line: string) => events.push(JSON.parse(line))
    await expect(runStage(stage2(), away, set.options, { ...silent, log })).rejects.toThrow(
      'of its images could not be done for now (the store was asked). Run it again: what is done stays done.',
    )
    expect(events.find(({ event }) => event === 'failed')).toMatchObject({ again: true })
    expect((await set.run(stage2())).summary).toMatchObject({ images: 1 })
  })
})

describe('boxes', () => {
  test('beside a source move with it and stand beside each output', async () => {
    const set = rig.dataset(1)
    await set.put('a.jpg', await jpeg(12, 200, 100))
    await set.put('a.jpg.boxes.json', JSON.stringify([{ label: 'cat', x: 50, y: 20, width: 60, height: 40 }]))
    await set.put('b.jpg', await jpeg(13))
    await set.run(stage1(1))
    expect((await set.outputs()).filter((key) => key.endsWith('.json'))).toEqual(['a.jpg.1.jpg.boxes.json'])
    const boxes = JSON.parse(decode(await rig.s3.get('augmented', `${set.prefix}a.jpg.1.jpg.boxes.json`)))
    expect(boxes).toEqual([expect.objectContaining({ label: 'cat', width: expect.any(Number) })])
    const { objects } = await set.union()
    expect(objects.map(({ annotation_format }) => annotation_format)).toEqual(['boxes-json', undefined])
    expect((await set.run(stage1(1))).summary).toMatchObject({ known: 2, images: 0 })
    await set.put('a.jpg.boxes.json', '[]')
    expect((await set.run(stage1(1))).summary).toMatchObject({ known: 1, images: 1 })
  })

  test('of a COCO document beside a source are those of its image', async () => {
    const set = rig.dataset(1)
    const coco = {
      images: [
        { id: 1, file_name: 'other.jpg', width: 10, height: 10 },
        { id: 2, file_name: 'a.jpg', width: 200, height: 100 },
      ],
      annotations: [
        { id: 1, image_id: 2, category_id: 7, bbox: [0, 0, 200, 100], score: 0.9, area: 20_000, iscrowd: 0 },
        { id: 2, image_id: 1, category_id: 8, bbox: [0, 0, 10, 10] },
      ],
      categories: [
        { id: 7, name: 'cat' },
        { id: 8, name: 'dog' },
      ],
    }
    await set.put('in/a.jpg', await jpeg(16, 200, 100))
    await set.put('in/a.jpg.coco.json', JSON.stringify(coco))
    await set.put('b.jpg', await jpeg(17))
    await set.put('b.jpg.coco.json', JSON.stringify({ ...coco, categories: [] }))
    const { of } = await set.run(stage1(1))
    const boxes = JSON.parse(decode(await rig.s3.get('augmented', `${set.prefix}in/a.jpg.1.jpg.boxes.json`)))
    expect(boxes.map(({ label }: { label: string }) => label)).toEqual(['cat'])
    const { objects } = await set.union()
    expect(objects.map(({ annotation_format }) => annotation_format)).toEqual(['coco'])
    expect(of('failed')).toMatchObject([
      { uri: set.source('b.jpg'), reason: expect.stringMatching(/b\.jpg\.coco\.json.*no image called b\.jpg/) },
    ])
  })

  test('that are no boxes fail their image alone', async () => {
    const set = rig.dataset(1)
    await set.put('a.jpg', await jpeg(14))
    await set.put('a.jpg.boxes.json', '{"label":1}')
    await set.put('b.jpg', await jpeg(15))
    const { of } = await set.run(stage1(1))
    expect(of('failed')).toMatchObject([
      { uri: set.source('a.jpg'), reason: expect.stringContaining('Cannot read the boxes a.jpg.boxes.json') },
    ])
  })
})

describe('a world that isn’t as the options say', () => {
  test.each([
    [
      'no JSON',
      '{"half":',
      /Cannot read the manifest s3:\/\/manifests\/manifests\/.*1\.json as 'content' must be JSON/,
    ],
    ['another shape', '{"dataset_id":"x"}', /Cannot read the manifest .* as 'stage' must be given/],
  ])('a manifest of %s is a sentence', async (_, text, sentence) => {
    const set = rig.dataset(2)
    await set.put('a.jpg', await jpeg(16))
    await rig.s3.put('manifests', `manifests/${set.name}/stage_2/1.json`, text)
    await expect(set.run(stage2())).rejects.toThrow(sentence)
    expect(await set.outputs()).toEqual([])
  })

  test('a mark that is none of ours is a sentence that says what to do', async () => {
    const set = rig.dataset(2)
    await rig.s3.put('manifests', `marks/${set.name}/stage_2/x.json`, '{"outcome":"perhaps"}')
    await expect(set.run(stage2())).rejects.toThrow(
      /^Cannot read the mark s3:.*x\.json as 'content' must be a mark of ours .*Remove it, and the image is done again\.$/,
    )
  })

  test.each([
    [
      { outputBucket: 'nobody-has-this' },
      /^Cannot run stage 2 as 'bucket' must be there at .*: current value is nobody-has-this\. Create it first/,
    ],
    [{ outputBucket: 'augmented' }, /^Cannot run stage 2 as 'OUTPUT_PREFIX' must be outside of what it reads/],
    [{ nvmeRoot: '/dev/null/x' }, /^Cannot start the stage as 'NVME_ROOT' must be a folder that can be written/],
  ])('%j is refused in a sentence', async (changed, sentence) => {
    await expect(rig.dataset(2).run(stage2(), changed)).rejects.toThrow(sentence)
  })
})

const silent = { signal: new AbortController().signal, log: () => {} }
const refuse = () => Promise.reject(new Error('the store was asked'))

function facts(event: LogEvent): { path: string; uri: string; bytes: number; sha256: string } {
  return { path: String(event.path), uri: String(event.uri), bytes: Number(event.bytes), sha256: String(event.sha256) }
}
