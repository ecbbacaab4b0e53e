import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { softwareGpu } from '../../gpu-software.ts'
import { onSoftware, wrongIn } from './on-software.ts'

setDefaultTimeout(180_000)

const why = softwareGpu === undefined ? ': skipped, as there is no software GPU' : ''
const size = 3001
/** Of single elements, which the defects are made for. */
const tuning = '-1'

// Whether the device checks bounds must make no difference to what is seen.
describe.skipIf(why !== '').each([false, true])(`a kernel with a defect, unchecked: %p${why}`, (unchecked) => {
  let gpu: Awaited<ReturnType<typeof onSoftware>>
  beforeAll(async () => {
    gpu = await onSoftware({ unchecked })
  })
  afterAll(() => gpu.close())

  test.each([
    ['skips the last element', 'c[3000] is NaN, where -0.6656584739685059 is right'],
    ['writes past the end', "it writes past the end of 'c', at byte 12004 of 12004"],
    ['yields NaN', 'c[5] is NaN, where 0.3053494691848755 is right'],
    ['is off by one ulp', 'c[5] is 0.3053494989871979, where 0.3053494691848755 is right'],
    ['does nothing', 'c[0] is NaN, where -0.9844697713851929 is right, and 3000 more of 3001 are wrong'],
  ])('that %s has no speed', async (defect, said) => {
    expect(await wrongIn(gpu, 'stream-copy', size, { tuning, defect })).toBe(
      `refused: Kernel stream-copy computes wrong at size 3001 with workgroup 256, vector 1, each 4: ${said}`,
    )
  })

  test.each([
    ['does not compile', "line 13:11: expected '{' for function body"],
    ['has no such entry', `Entry point ""main"" doesn't exist in the shader module [ShaderModule (unlabeled)].`],
  ])('that %s is refused with what the compiler says', async (defect, said) => {
    const refused = `refused: Cannot run kernel stream-copy at size ${size} on ${gpu.facts.name}: ${said}`
    expect(await wrongIn(gpu, 'stream-copy', size, { tuning, defect })).toBe(refused)
  })

  test.each([
    ['stream-dot', 'skips the last element', /: sums\[0\] is -9\.891\d*, where -9\.425\d* ± 0\.00113\d* is right$/],
    ['reduce', 'skips the last element', /: sums\[0\] is -6\.368\d*, where -7\.033\d* ± 0\.00228\d* is right$/],
    ['scan', 'reads no last element', /: sums\[3000\] is -[67]\.\d*, where -7\.23828125 is right$/],
  ])('of %s that %s is seen', async (kernel, defect, said) => {
    expect(await wrongIn(gpu, kernel, size, { tuning, defect })).toMatch(said)
  })

  test('that goes wrong only once it has run often has no speed either', async () => {
    const loaded = await gpu.load('atomics-contended', size, { tuning: '0', defect: 'counts to 64 operations' })
    if (loaded.kind !== 'answered') throw new Error(loaded.sentence)
    for (let operations = 0; operations < 64; ) {
      const sample = await gpu.sample(loaded.value.loaded, 1e-6)
      if (sample.kind !== 'answered') throw new Error(sample.sentence)
      operations += sample.value.operations
    }
    expect(await gpu.unload(loaded.value.loaded)).toEqual({
      kind: 'refused',
      wrong: true,
      sentence: expect.stringMatching(
        /^Kernel atomics-contended computes wrong at size 3001 with workgroup 256: counters\[0\] is 192064, where \d+ is right$/,
      ),
    })
  })
})
