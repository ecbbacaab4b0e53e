import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { parse } from 'csv-parse/sync'
import { softwareGpu } from '../gpu-software.ts'
import { removeRepositories } from '../lib/cli/helpers.ts'
import { ownPlan, plainPath, sets } from './own-plans.ts'

setDefaultTimeout(300_000)
afterAll(removeRepositories)

/** A plan on the software adapter, and its rows. */
async function onCpu(plan: string, params: Readonly<Record<string, string>> = {}, more: readonly string[] = []) {
  const repo = ownPlan(plan)
  const words = ['plan', plan, '--csv', '-', ...sets({ adapter: 'software', ...params }), ...more]
  const ran = await repo.run(words, { env: plainPath })
  const rows: readonly Record<string, string>[] = parse(ran.out, { columns: true })
  return { ...ran, rows, of: (step: string) => rows.filter((row) => row.step === step) }
}

const few = { rounds: '6', ms: '2' }

describe.skipIf(softwareGpu === undefined)('on a software adapter', () => {
  test('gpu-smoke has every kernel compute right, and says what cannot be run', async () => {
    const { exit, err, rows, of } = await onCpu('gpu-smoke')
    const computed = of('every kernel computes right').filter(({ metric }) => metric?.endsWith('computes right'))
    expect(computed.length).toBeGreaterThan(14)
    expect(computed.filter(({ verdict }) => verdict !== 'pass')).toEqual([])
    expect(err).toContain('18 kernels; not on this adapter: fma-f16, gemm-f16-matrix')
    expect(rows.filter(({ gpu }) => !gpu?.endsWith('· software'))).toEqual([])
    expect(exit).toBe(0)
  })

  test('gpu-smoke fails where the driver is another than the one that is expected', async () => {
    const only = ['--only', 'driver, memory and switches are as expected']
    const { exit, err } = await onCpu('gpu-smoke', { driver: '999.99' }, only)
    expect(err).toContain('the driver is 999.99: found')
    expect(exit).toBe(1)
  })

  test('gpu-bandwidth measures each operation, and holds none against a card', async () => {
    const { exit, err, rows, of } = await onCpu('gpu-bandwidth', few)
    const measured = of('memory bandwidth').map(({ metric }) => metric)
    expect(measured).toContain('bandwidth[triad]')
    expect(rows.filter(({ value, unit }) => unit === 'GB/s' && !(Number(value) > 0))).toEqual([])
    expect(err).toMatch(/– as fast as the card should be .* no peak is published of the CPU/)
    expect(err).toMatch(/– memory bandwidth beside CUDA .* the adapter is the CPU, which is held against no card/)
    expect(err).toMatch(/✓ choose the size of arrays +256 KiB each in place of 1024 MiB: the adapter is the CPU/)
    expect(err).toMatch(/✓ what had its bandwidth measured stayed right +5 checks/)
    expect(err).toMatch(/✓ what ran without bounds checks stayed right +5 checks/)
    expect(rows.filter(({ gpu }) => !gpu?.endsWith('· software'))).toEqual([])
    expect(exit).toBe(0)
  })

  test('gpu-compute measures what the adapter can do, and skips the rest with what it is without', async () => {
    const { exit, err, of } = await onCpu('gpu-compute', few)
    expect(of('gemm-f32').map(({ metric }) => metric)).toContain('rate')
    expect(err).toMatch(/– gemm-f16-matrix .* is without shader-f16, chromium-experimental-subgroup-matrix/)
    expect(of('launches').filter(({ metric }) => metric?.startsWith('latency')).length).toBe(3)
    expect(exit).toBe(0)
  })
})

test.each(['gpu-smoke', 'gpu-bandwidth', 'gpu-compute', 'gpu-memory'])(
  '%s is skipped without a driver, with the reason and what helps',
  async (plan) => {
    const env = { ...plainPath, VK_DRIVER_FILES: '/nonexistent', VK_ICD_FILENAMES: '/nonexistent' }
    const { exit, out } = await ownPlan(plan).run(['plan', plan], { env })
    expect(out.match(/Cannot open a GPU as 'adapter' must be one that WebGPU finds/g)).toHaveLength(1)
    expect(out).toMatch(/^ {2}– .* no GPU that WebGPU finds$/m)
    expect(out).toContain('everything was skipped; --allow-skip makes that a success')
    expect(exit).toBe(2)
  },
)
