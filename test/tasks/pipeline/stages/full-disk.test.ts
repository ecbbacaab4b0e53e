import { afterAll, beforeAll, expect, test } from 'bun:test'
import sharp from 'sharp'
import { inspect } from '../../../../tasks/images/inspect.ts'
import { endpointVariables } from '../../../../tasks/object-store/endpoint.ts'
import { augmentStage } from '../../../../tasks/pipeline/stage/augment-stage.ts'
import { entry } from '../../../lib/cli/helpers.ts'
import { inOwnMounts, mountProblem } from '../../../mount.ts'
import { jpeg, type Rig, stageRig } from './rig.ts'

const noMount = mountProblem()
if (noMount !== undefined) console.warn(`skipped: a full disk under a stage: ${noMount}`)

let rig: Rig
beforeAll(async () => {
  rig = await stageRig()
})
afterAll(() => rig.stop())

/** A photo of nothing, which no encoder makes small. */
function noise(): Promise<Buffer> {
  const side = 300
  const pixels = crypto.getRandomValues(new Uint8Array(side * side))
  return sharp(pixels, { raw: { width: side, height: side, channels: 1 } })
    .png()
    .toBuffer()
}

test.skipIf(noMount !== undefined)(
  'a stage whose local disk fills up is errored in one sentence, and the next run does what is left',
  async () => {
    const set = rig.dataset(1)
    const names = Array.from({ length: 12 }, (_, index) => `${index}.jpg`)
    for (const [shade, name] of names.entries()) await set.put(name, await jpeg(shade))
    // The first alone is more than there is room for, and must leave that room to the others.
    await set.put('0.jpg', await noise())
    const { inputPrefix, outputPrefix, dataset } = set.options
    const flags = ['--input-prefix', inputPrefix, '--output-prefix', outputPrefix, '--dataset', dataset]
    const full = `mount -t tmpfs -o size=48k none /mnt && exec '${process.execPath}' '${entry}' task stage1 "$@" --nvme-root /mnt --nvme-min-gb 0`
    const child = Bun.spawn([...inOwnMounts, 'sh', '-c', full, 'sh', ...flags], {
      env: { ...process.env, ...endpointVariables(rig.s3.endpoint) },
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const said = (await child.stderr.text()).trimEnd().split('\n')
    expect(await child.exited).toBe(2)
    expect(said.at(-1)).toMatch(
      /^Cannot finish stage 1 as \d+ of its images could not be done for now \(ENOSPC: .*\)\. Run it again: what is done stays done\.$/,
    )
    const { outputs } = await set.union()
    expect(outputs).not.toEqual([])
    const there = await set.outputs()
    expect(there.map(set.outputUri)).toEqual(expect.arrayContaining([...outputs]))
    // What came after the last manifest's images is whole as well, and no harm to whoever goes on.
    for (const name of there) await inspect(await rig.s3.get('augmented', set.prefix + name), name)
    await set.run(augmentStage({ seed: 1, variants: 3 }))
    const after = await set.union()
    expect(after.repeated).toEqual([])
    expect(after.sources).toEqual(names.map(set.source).sort())
    expect((await set.outputs()).map(set.outputUri)).toEqual([...after.outputs])
  },
  60_000,
)
