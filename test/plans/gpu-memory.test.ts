import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { softwareGpu } from '../gpu-software.ts'
import { removeRepositories } from '../lib/cli/helpers.ts'
import { ownPlan, plainPath } from './own-plans.ts'

setDefaultTimeout(180_000)
afterAll(removeRepositories)

/** With neither a card nor a driver to be seen, whatever this machine has. */
const bare = {
  ...plainPath,
  VK_DRIVER_FILES: '/nowhere.json',
  VK_ICD_FILENAMES: '/nowhere.json',
  CUDA_VISIBLE_DEVICES: '',
}

describe('gpu-memory', () => {
  test('without a GPU is skipped as a whole, with the reason, and makes no Python environment', async () => {
    const repo = ownPlan('gpu-memory')
    const { exit, out } = await repo.run(['plan', 'gpu-memory'], { env: bare })
    expect(out).toMatch(/^ {2}– gpu +none /m)
    expect(out).toMatch(/^ {2}– cuda +none /m)
    expect(out).toMatch(/^ {2}– card +not watched /m)
    expect(out).toContain('– the largest allocation                   no GPU that WebGPU finds')
    expect(out).toContain('– the largest batch of a training          no CUDA device: ')
    expect(out).toContain('5 steps (5 skipped), 5 checks (5 skipped), 2 measures (2 skipped)')
    expect(exit).toBe(2)
    expect(existsSync(join(repo.dir, '.assay/python'))).toBe(false)
  })

  test.skipIf(softwareGpu === undefined)('on a software adapter looks for leaks, and hunts for no end', async () => {
    const repo = ownPlan('gpu-memory')
    const env = { ...plainPath, CUDA_VISIBLE_DEVICES: '' }
    const { exit, out } = await repo.run(['plan', 'gpu-memory', '--set', 'adapter=software', '--set', 'cycles=750'], {
      env,
    })
    expect(out).toMatch(/– the largest allocation +nobody hunts for the end of memory on .*: it is the machine's/)
    expect(out).toMatch(/– the largest batch of a training +nobody hunts for the end of memory on /)
    expect(out).toMatch(/✓ memory is back after work +1 check/)
    expect(out).toMatch(/✓ no cycle leaks +1 check/)
    expect(exit).toBe(0)
  })
})
