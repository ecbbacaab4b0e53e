import { afterAll, beforeAll, expect, test } from 'bun:test'
import { manifestKey, writeManifest } from '../../../../tasks/pipeline/manifest.ts'
import { augmentStage } from '../../../../tasks/pipeline/stage/augment-stage.ts'
import { jpeg, type Rig, stageRig } from './rig.ts'

let rig: Rig
beforeAll(async () => {
  rig = await stageRig()
})
afterAll(() => rig.stop())

test('an image that is made anew supersedes what it was, also when the clock was set back since', async () => {
  const set = rig.dataset(1)
  const definition = augmentStage({ seed: 1, variants: 2 })
  await set.put('a.jpg', await jpeg(1))
  await set.run(definition)
  const before = await set.union()

  // As if it had been written three hours from now.
  const [[manifest], [key = '']] = await Promise.all([set.manifests(), set.manifestKeys()])
  if (manifest === undefined) throw new Error('there is no manifest')
  const at = new Date(Date.parse(manifest.timestamp) + 3 * 3_600_000)
  const moved = writeManifest({ ...manifest, timestamp: at.toISOString() })
  await rig.s3.put('manifests', manifestKey(set.name, 1, at), moved)
  await rig.s3.remove('manifests', [key])

  await set.put('a.jpg', await jpeg(2))
  expect((await set.run(definition)).summary.images).toBe(1)
  const after = await set.union()
  expect([after.outputs, after.repeated]).toEqual([before.outputs, []])
  const versions = new Set(after.objects.map((object) => object.source_etag))
  expect(versions.size).toBe(1)
  expect(versions).not.toEqual(new Set(before.objects.map((object) => object.source_etag)))
  // And nothing is done a third time.
  expect((await set.run(definition)).summary.images).toBe(0)
})
