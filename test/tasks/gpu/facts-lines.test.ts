import { expect, test } from 'bun:test'
import { factsLines } from '../../../tasks/gpu/facts-lines.ts'

test('the lines of a card', () => {
  const lines = factsLines(
    {
      ...{ name: 'NVIDIA H200', kind: 'hardware', vendor: 'nvidia', architecture: 'hopper' },
      ...{ driver: 'NVIDIA: 580.95.05', backend: 'vulkan', features: ['shader-f16', 'subgroups'] },
      limits: {
        maxBufferSize: 4 * 2 ** 30,
        maxComputeInvocationsPerWorkgroup: 1024,
        maxComputeWorkgroupStorageSize: 48 * 2 ** 10,
      },
      subgroups: { least: 32, most: 32 },
      matrices: [{ component: 'f16', result: 'f32', m: 16, n: 16, k: 16 }],
    },
    [
      { name: 'timestamp_quantization', asked: 'off', seen: 'yes', how: 'timestamps are multiples of 32 ns' },
      { name: 'disable_workgroup_init', asked: 'on', seen: 'untold', how: 'memory may be zero' },
    ],
  )
  expect(lines).toEqual([
    'adapter      NVIDIA H200',
    'driver       NVIDIA: 580.95.05, vulkan',
    'features     shader-f16, subgroups',
    'a buffer     at most 4 GiB',
    'a workgroup  at most 1024 invocations, which share 48 KiB',
    'subgroups    32 to 32 invocations',
    'matrices     f16 to f32 16×16×16',
    'toggles      timestamp_quantization off',
  ])
})
