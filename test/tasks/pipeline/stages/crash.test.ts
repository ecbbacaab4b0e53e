import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { S3 } from '../../../../tasks/object-store/client.ts'
import { augmentStage } from '../../../../tasks/pipeline/stage/augment-stage.ts'
import { runStage } from '../../../../tasks/pipeline/stage/run-stage.ts'
import { type Dataset, jpeg, type Rig, stageRig } from './rig.ts'

let rig: Rig
beforeAll(async () => {
  rig = await stageRig()
})
afterAll(() => rig.stop())

const definition = augmentStage({ seed: 1, variants: 2 })
const names = ['a.jpg', 'b.jpg', 'c.jpg', 'text.jpg']

async function fill(set: Dataset) {
  for (const [shade, name] of names.entries()) {
    await set.put(name, name === 'text.jpg' ? 'no image' : await jpeg(shade))
  }
}

async function expectWhole(set: Dataset) {
  const { sources, outputs, objects, repeated } = await set.union()
  expect(sources).toEqual(names.slice(0, 3).map(set.source))
  expect(outputs).toEqual(names.slice(0, 3).flatMap((name) => [1, 2].map((n) => set.outputUri(`${name}.${n}.jpg`))))
  expect([objects.length, repeated]).toEqual([6, []])
  const failed = (await set.manifests()).flatMap(({ metadata }) => metadata.failed ?? [])
  expect(failed).toEqual([expect.objectContaining({ source_uri: set.source('text.jpg') })])
  expect(await set.marks()).toEqual([])
}

/** A store that the process loses after `writes` writes: the last one is done or not, its answer never comes. */
function dyingAfter(s3: S3, writes: number, lastOne: 'done' | 'lost'): S3 {
  let left = writes
  const write = async <T>(work: () => Promise<T>): Promise<T> => {
    left -= 1
    if (left > 0) return work()
    if (left === 0 && lastOne === 'done') await work()
    throw new Error('the process is dead')
  }
  return {
    ...s3,
    put: (...given) => write(() => s3.put(...given)),
    putNew: (...given) => write(() => s3.putNew(...given)),
    remove: (...given) => write(() => s3.remove(...given)),
  }
}

// 6 outputs, 4 marks, the manifest, the marks' removal.
const writes = 12
const context = { signal: new AbortController().signal, log: () => {} }

for (const lastOne of ['done', 'lost'] as const) {
  test(`dead at any write, that write ${lastOne}: after the next run the manifests name everything once`, async () => {
    for (let at = 1; at <= writes; at++) {
      const set = rig.dataset(1)
      await fill(set)
      await expect(runStage(definition, dyingAfter(rig.s3, at, lastOne), set.options, context)).rejects.toThrow()
      await set.run(definition)
      await expectWhole(set)
    }
  }, 30_000)
}

test('with as many writes as it needs a run ends', async () => {
  const set = rig.dataset(1)
  await fill(set)
  await runStage(definition, dyingAfter(rig.s3, writes + 1, 'lost'), set.options, context)
  await expectWhole(set)
})

test('a manifest whose name another has taken meanwhile takes the next that is free', async () => {
  const set = rig.dataset(1)
  await fill(set)
  const theirs = { dataset_id: set.name, stage: 1, timestamp: '2026-11-21T00:00:00Z', object_count: 0, objects: [] }
  const asked: string[] = []
  const busy: S3 = {
    ...rig.s3,
    putNew: async (bucket, key, ...rest) => {
      asked.push(key)
      if (asked.length === 1) await rig.s3.put(bucket, key, JSON.stringify({ ...theirs, metadata: {} }))
      return rig.s3.putNew(bucket, key, ...rest)
    },
  }
  await runStage(definition, busy, set.options, context)
  expect(await set.manifestKeys()).toEqual(asked.toSorted())
  await expectWhole(set)
})

test('killed for good in the middle and run again, it does what was not done', async () => {
  const set = rig.dataset(1)
  for (let shade = 0; shade < 40; shade++) await set.put(`${shade}.jpg`, await jpeg(shade))
  const first = set.start()
  await first.line('"uploaded"', '/20.jpg.')
  first.child.kill('SIGKILL')
  await first.ended()
  expect(first.lines.filter((line) => line.includes('"manifest"'))).toEqual([])
  expect((await set.outputs()).length).toBeGreaterThan(20)
  const second = set.start()
  expect(await second.ended()).toBe(0)
  // Without a word of "recovered" nothing of the first run would have been kept.
  await second.line('"recovered"')
  const { sources, outputs, repeated } = await set.union()
  expect([sources.length, outputs.length, repeated]).toEqual([40, 120, []])
}, 20_000)
