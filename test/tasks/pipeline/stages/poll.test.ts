import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { augmentStage } from '../../../../tasks/pipeline/stage/augment-stage.ts'
import { forEachBounded } from '../../../../tasks/pipeline/stage/bounded.ts'
import { type Dataset, jpeg, type Rig, stageRig } from './rig.ts'

let rig: Rig
beforeAll(async () => {
  rig = await stageRig()
})
afterAll(() => rig.stop())

const definition = augmentStage({ seed: 1, variants: 1 })

describe('polling', () => {
  test('takes an image put in meanwhile, each once, a manifest for each pass', async () => {
    const set = rig.dataset(1)
    await set.put('first.jpg', await jpeg(1))
    let manifests = 0
    const { summary, of } = await set.run(definition, { mode: 'poll' }, ({ event }) => {
      if (event !== 'manifest') return false
      manifests += 1
      if (manifests === 1) void jpeg(2).then((image) => set.put('second.jpg', image))
      return manifests === 2
    })
    expect(summary).toMatchObject({ images: 2, outputs: 2, failed: 0, ended: 'stopped' })
    expect(of('uploaded').map(({ uri }) => uri)).toEqual(['first.jpg.1.jpg', 'second.jpg.1.jpg'].map(set.outputUri))
    expect((await set.manifests()).map(({ object_count }) => object_count)).toEqual([1, 1])
  })

  test('tries an image that can’t be done once, however often it looks', async () => {
    const set = rig.dataset(1)
    await set.put('text.jpg', 'no image')
    const late = await jpeg(2)
    const seen: string[] = []
    const { of } = await set.run(definition, { mode: 'poll' }, ({ event }) => {
      seen.push(event)
      if (event === 'manifest' && seen.filter((one) => one === 'manifest').length === 1) void set.put('late.jpg', late)
      return seen.filter((one) => one === 'manifest').length === 2
    })
    expect(of('failed')).toHaveLength(1)
    expect(of('summary')).toMatchObject([{ images: 1, failed: 1 }])
  })

  test('told to stop in the middle it names what it finished, and the next run does the rest', async () => {
    const set = rig.dataset(1)
    for (let shade = 0; shade < 30; shade++) await set.put(`${shade}.jpg`, await jpeg(shade))
    const { summary, of } = await set.run(definition, { mode: 'poll' }, ({ event }) => event === 'uploaded')
    expect(of('staged').length).toBeLessThan(30)
    expect(summary.images).toBeGreaterThan(0)
    expect(summary.images).toBeLessThan(30)
    const { outputs } = await set.union()
    expect([outputs.length, await set.marks()]).toEqual([summary.images, []])
    await set.run(definition)
    expect((await set.union()).outputs).toHaveLength(30)
    expect((await set.union()).repeated).toEqual([])
  })

  test('told to stop before anything is processed it leaves nothing half done', async () => {
    const set = rig.dataset(1)
    for (let shade = 0; shade < 9; shade++) await set.put(`${shade}.jpg`, await jpeg(shade))
    const { summary, of } = await set.run(definition, { mode: 'poll' }, ({ event }) => event === 'staged')
    expect(summary).toMatchObject({ images: 0, failed: 0, manifests: [], ended: 'stopped' })
    expect([of('written'), await set.outputs()]).toEqual([[], []])
  })

  test('leaves alone what another’s manifest has named meanwhile', async () => {
    const set = rig.dataset(1)
    await set.put('first.jpg', await jpeg(1))
    const object = {
      source_uri: set.source('theirs.jpg'),
      output_uri: 's3://x-x/y',
      width: 1,
      height: 1,
      augmentation: '-',
    }
    const rest = { dataset_id: set.name, stage: 1, timestamp: '2026-11-21T00:00:00Z', object_count: 1, metadata: {} }
    const meanwhile = async () => {
      await rig.s3.put(
        'manifests',
        `manifests/${set.name}/stage_1/1.json`,
        JSON.stringify({ ...rest, objects: [object] }),
      )
      await set.put('theirs.jpg', await jpeg(2))
      await set.put('ours.jpg', await jpeg(3))
    }
    let manifests = 0
    const { of } = await set.run(definition, { mode: 'poll' }, ({ event }) => {
      if (event === 'manifest') manifests += 1
      if (event === 'manifest' && manifests === 1) void meanwhile()
      return manifests === 2
    })
    expect(of('staged').map(({ uri }) => uri)).toEqual(['first.jpg', 'ours.jpg'].map(set.source))
  })
})

describe('as a process', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s ends polling with exit code 0 and a manifest', async (signal) => {
    const set = rig.dataset(2)
    await set.put('a.jpg', await jpeg(3))
    const { child, line, lines, ended } = set.start({ mode: 'poll' })
    await line('"manifest"')
    child.kill(signal)
    expect(await ended()).toBe(0)
    expect((await set.union()).outputs).toHaveLength(2)
    const events = lines.map((text) => JSON.parse(text))
    for (const event of events) expect(event).toMatchObject({ time: expect.any(String), level: expect.any(String) })
    expect(events.at(-1)).toMatchObject({ event: 'summary', ended: 'stopped', images: 1 })
  })

  test.each<[string, Parameters<Dataset['start']>[0], number, string]>([
    ['too little local disk', { nvmeMinGb: 1e9 }, 1, "Cannot start the stage as 'NVME_MIN_GB'"],
    ['every image failed', {}, 1, 'Cannot finish stage 2 as every image failed'],
    ['a size that is none', { sizes: '800x' }, 2, "Cannot run stage2 as 'sizes' must be"],
    ['a prefix without its slash', { outputPrefix: 'out' }, 2, "Cannot run stage2 as 'outputPrefix' must be"],
    ['a data set of slashes', { dataset: '../x' }, 2, "Cannot run stage2 as 'dataset' must be"],
  ])('%s ends with one sentence and its exit code', async (_, changed, code, sentence) => {
    const set = rig.dataset(2)
    await set.put('text.jpg', 'no image')
    const { lines, ended } = set.start(changed)
    expect(await ended()).toBe(code)
    const sentences = lines.filter((line) => !line.startsWith('{'))
    expect(sentences).toEqual([expect.stringContaining(sentence)])
  })
})

test('memory does not grow with the number of images that wait', async () => {
  // What follows a JPEG's end is ignored: large to hold, quick to process, so that holding too many shows.
  const image = Buffer.concat([await jpeg(1), Buffer.alloc(2 ** 20)])
  const peak = async (images: number) => {
    const set = rig.dataset(2)
    await forEachBounded(Array(images).keys(), 4, (at) => set.put(`${at}.jpg`, image))
    const stage = set.start({ sizes: '32x32' })
    expect(await stage.ended()).toBe(0)
    return stage.peak()
  }
  const few = await peak(20)
  // In MiB; 130 images more, each of one, and their copies.
  expect((await peak(150)) - few).toBeLessThan(80)
}, 60_000)
