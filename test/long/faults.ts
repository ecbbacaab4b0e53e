// Every kind of fault alone, at each first request and at half of all, and all of them together by several seeds.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drawSamples } from '../../tasks/images/samples.ts'
import { faultKinds } from '../../tasks/object-store/faults.ts'
import { removeRepositories } from '../lib/cli/helpers.ts'
import { ownPlan, plainPath, sets } from '../plans/own-plans.ts'

const scratch = mkdtempSync(join(tmpdir(), 'assay-faulty-'))
const images = join(scratch, 'images')
afterAll(() => rmSync(scratch, { recursive: true, force: true }))
afterAll(removeRepositories)
beforeAll(async () => {
  const few = (await drawSamples()).toSorted((a, b) => a.bytes.length - b.bytes.length).slice(0, 4)
  for (const { path, bytes } of few) await Bun.write(join(images, path), bytes)
})

const lines = [
  ...faultKinds.flatMap((kind) => [`rate=1,first=1,kinds=${kind}`, `rate=0.3,first=5,kinds=${kind},seed=2`]),
  ...Array.from({ length: 8 }, (_, seed) => `rate=0.1,seed=${seed + 10}`),
]

for (const plan of ['functional-1', 'functional-2'])
  test.each(lines)(
    `${plan} passes with %s`,
    async (ASSAY_FAULTS) => {
      const words = ['plan', plan, ...sets({ images, sizes: '480p' })]
      const { exit, out, err } = await ownPlan(plan).run(words, { env: { ...plainPath, ASSAY_FAULTS } })
      // All that it said, where it did not pass: a fault that one run in hundreds meets cannot be asked for again.
      expect([exit, exit === 0 ? '' : out + err]).toEqual([0, ''])
      expect(out).toContain('passed · ')
    },
    180_000,
  )
