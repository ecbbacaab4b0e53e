import { beforeAll, describe, expect, test } from 'bun:test'
import fmaF16 from '../../../benchmarks/gpu/fma-f16.ts'
import gemmF16Matrix from '../../../benchmarks/gpu/gemm-f16-matrix.ts'
import type { DeviceFacts, Kernel, Tuning } from '../../../tasks/gpu/kernel.ts'
import { card } from './a-card.ts'

// What a software driver can't run, f16 and matrix units, compiles on Dawn's null backend, which has every feature and does nothing.

const withShape = (m: number, n: number, k: number): DeviceFacts => ({
  ...card,
  matrices: [{ component: 'f16', result: 'f32', m, n, k }],
})

let device: GPUDevice
// What `create` returns must live as long as any device does, or the process dies.
let held: unknown

beforeAll(async () => {
  const { create } = await import('webgpu')
  const gpu = create(['backend=null', 'enable-dawn-features=allow_unsafe_apis'])
  held = gpu
  const adapter = await gpu.requestAdapter()
  if (!adapter) throw new Error('the null backend has no adapter')
  device = await adapter.requestDevice({ requiredFeatures: [...adapter.features].filter(isNeeded) })
  device.addEventListener('uncapturederror', (event) => event.preventDefault())
})

// The types know of no experimental feature.
function isNeeded(feature: string): feature is GPUFeatureName {
  return gemmF16Matrix.needs.includes(feature)
}

async function complaintsOf(code: string): Promise<readonly string[]> {
  expect(held).toBeDefined()
  const { messages } = await device.createShaderModule({ code }).getCompilationInfo()
  return messages.map(({ lineNum, message }) => `${lineNum}: ${message}`)
}

function wgslOf(kernel: Kernel, size: number, tuning: Tuning, device: DeviceFacts): string {
  const [work] = kernel.prepare(size, tuning, device).work
  return work?.kind === 'dispatch' ? work.wgsl : ''
}

/** Whether a pipeline of it can be made, where the null backend's limits (256 invocations, 16 KiB) allow one. */
async function pipelineOf(code: string): Promise<string> {
  const module = device.createShaderModule({ code })
  try {
    await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main' } })
    return 'made'
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
  }
}

describe('without a card', () => {
  test('fma-f16 compiles at every tuning', async () => {
    const tunings = fmaF16.tunings(1000, card)
    expect(tunings.length).toBeGreaterThan(4)
    for (const tuning of tunings) expect(await complaintsOf(wgslOf(fmaF16, 1000, tuning, card))).toEqual([])
    expect(await pipelineOf(wgslOf(fmaF16, 1000, tunings[0] ?? {}, card))).toBe('made')
  })

  test.each([
    [16, 16, 16],
    [16, 8, 16],
    [16, 8, 8],
    [8, 8, 8],
  ])('gemm-f16-matrix compiles at every tuning, and warns of nothing, on units of %d × %d × %d', async (m, n, k) => {
    const device = withShape(m, n, k)
    const tunings = gemmF16Matrix.tunings(1000, device)
    expect(tunings.length).toBe(9)
    for (const tuning of tunings) {
      const wgsl = wgslOf(gemmF16Matrix, 1000, tuning, device)
      expect(await complaintsOf(wgsl)).toEqual([])
      expect(await pipelineOf(wgsl)).toMatch(/^made$|^The total use of workgroup storage/)
    }
  })

  test('tries everything with the shape of most units, and a little with the others', () => {
    const matrices = [withShape(8, 16, 16), withShape(16, 8, 16), withShape(16, 16, 16)].flatMap(
      ({ matrices }) => matrices,
    )
    const tunings = gemmF16Matrix.tunings(64, { ...card, matrices })
    expect(tunings.map(({ m, n, k }) => `${m} ${n} ${k}`)).toEqual([
      ...Array.from({ length: 9 }, () => '16 16 16'),
      ...['16 8 16', '16 8 16', '8 16 16', '8 16 16'],
    ])
    const types = tunings.map(
      (tuning) => wgslOf(gemmF16Matrix, 64, tuning, { ...card, matrices }).match(/Left = (.*);/)?.[1],
    )
    expect([0, 9, 11].map((at) => types[at])).toEqual([
      'subgroup_matrix_left<f16, 16, 16>',
      'subgroup_matrix_left<f16, 16, 16>',
      'subgroup_matrix_left<f16, 16, 8>',
    ])
  })

  // What the shader counts on: eight f16 to an element, offset and stride in elements.
  test('Dawn counts strides in elements of the array', async () => {
    const load = (stride: number) => `enable f16; enable chromium_experimental_subgroup_matrix;
var<workgroup> memory: array<vec4<u32>, 32>;
@compute @workgroup_size(128) fn main() {
  let matrix = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>, row_major>(&memory, 0u, ${stride}u);
}`
    expect(await complaintsOf(load(2))).toEqual([])
    expect(await complaintsOf(load(1))).toEqual([
      '4: the stride argument (1, 16 bytes) of subgroupMatrixLoad must be greater than the minimum stride (32 bytes)',
    ])
    expect(await complaintsOf(load(3))).toEqual([
      '4: the pointer operand of subgroupMatrixLoad is too small (512 bytes) for the matrix access (752 bytes)',
    ])
  })
})
