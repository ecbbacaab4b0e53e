import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { comparable } from '../../../../tasks/gpu/cuda/beside-cuda.ts'
import type { CudaClient } from '../../../../tasks/gpu/cuda/cuda.ts'
import { sameCard } from '../../../../tasks/gpu/cuda/same-card.ts'
import type { DeviceFacts } from '../../../../tasks/gpu/kernel.ts'
import type { PresentGpu } from '../../../../tasks/gpu/service.ts'
import { chooseCard } from '../../../../tasks/gpu/telemetry/choose.ts'
import { fakeTelemetry } from '../../../../tasks/gpu/telemetry/fake.ts'
import type { Telemetry } from '../../../../tasks/gpu/telemetry/telemetry.ts'
import { testPython } from '../../../python-environments.ts'

const h200 = 'NVIDIA H200'
const uuidOf = (index: number) => `${index}c2f7a10-3b1d-9e64-55aa-0123456789ab`

const facts = (name: string): DeviceFacts => ({
  ...{ name, kind: 'hardware', vendor: 'nvidia', architecture: 'hopper', driver: '1', backend: 'vulkan' },
  ...{ features: [], limits: {}, subgroups: { least: 32, most: 32 }, matrices: [] },
})

/** WebGPU on the first of those cards that is called as its adapter, on a machine with these, watched as it would be. */
function machine(names: readonly string[], adapter = names[0] ?? '', watched = true) {
  const cards = names.map((name, index) => ({
    ...{ name, index, uuid: `GPU-${uuidOf(index)}`, pciDevice: undefined, driver: undefined },
  }))
  const chosen = chooseCard(cards, { name: adapter })
  if (typeof chosen === 'string') throw new Error(chosen)
  const telemetry: Telemetry = watched ? { ...fakeTelemetry(() => ({})), ...chosen } : { kind: 'none', sentence: 'no' }
  const adapters = names.map((name) => ({ name, backend: 'vulkan', kind: 'hardware' }) as const)
  return { facts: facts(adapter), adapters, telemetry }
}

const eight = Array.from({ length: 8 }, () => h200)

describe('what PyTorch uses is the card that WebGPU uses', () => {
  test.each<[string, ReturnType<typeof machine>, { name: string; uuid?: string }]>([
    ['the only one', machine([h200]), { name: h200, uuid: uuidOf(0) }],
    ['the only one, of which torch tells less', machine([h200]), { name: 'H200' }],
    ['the only one, which nobody watches', machine([h200], h200, false), { name: h200 }],
    ['the first of eight', machine(eight), { name: h200, uuid: uuidOf(0).toUpperCase() }],
    ['the only one of its name', machine([h200, 'NVIDIA T4'], 'NVIDIA T4'), { name: 'Tesla T4', uuid: uuidOf(1) }],
  ])('where it is %s', (_, gpu, pytorch) => {
    expect(sameCard(gpu, pytorch)).toBe(true)
  })

  test.each<[string, ReturnType<typeof machine>, { name: string; uuid?: string }, string]>([
    [
      'another of eight',
      machine(eight),
      { name: h200, uuid: uuidOf(3) },
      `PyTorch uses another NVIDIA H200 than WebGPU, which takes the first: unset CUDA_VISIBLE_DEVICES, or have one alone show, of a container by NVIDIA_VISIBLE_DEVICES=GPU-${uuidOf(3)}`,
    ],
    [
      'one of eight that torch does not name',
      machine(eight),
      { name: h200 },
      'nobody tells which of several cards called NVIDIA H200 PyTorch and WebGPU use: have one alone show, of a container by NVIDIA_VISIBLE_DEVICES=0',
    ],
    ['one of eight that nobody watches', machine(eight, h200, false), { name: h200, uuid: uuidOf(0) }, 'nobody tells'],
    [
      'of another name',
      machine([h200, 'NVIDIA T4'], 'NVIDIA T4'),
      { name: h200, uuid: uuidOf(0) },
      'PyTorch uses NVIDIA H200 and WebGPU NVIDIA T4: have both use the same, by CUDA_VISIBLE_DEVICES or --set adapter=NAME',
    ],
  ])('but not where it is %s', (_, gpu, pytorch, sentence) => {
    expect(sameCard(gpu, pytorch)).toStartWith(sentence)
  })

  test('and nothing is held against another', () => {
    const nothing = async () => {
      throw new Error('nobody asks it')
    }
    const bench = { sample: nothing, release: nothing, pids: () => [], open: nothing }
    const card: PresentGpu = { kind: 'present', ...machine(eight), toggles: [], memory: undefined, ...bench }
    const pytorch = (index: number): CudaClient => ({
      ...{ kind: 'present', facts: { ...facts(h200), uuid: uuidOf(index) }, python: '', ...bench },
    })
    expect(comparable(card, pytorch(0))).toBe(true)
    expect(comparable(card, pytorch(3))).toStartWith('PyTorch uses another NVIDIA H200 than WebGPU')
    expect(comparable(card, { kind: 'absent', sentence: 'no CUDA' })).toBe('no CUDA')
  })
})

const found = await testPython('train')
if ('unavailable' in found) console.warn(`which card PyTorch uses is not tested: ${found.unavailable}`)

test.skipIf('unavailable' in found)('PyTorch tells which card it uses, where its version does', async () => {
  const reference = join(import.meta.dir, '../../../../tasks/gpu/cuda/reference')
  const training = join(import.meta.dir, '../../../../tasks/training/reference')
  const code = `
import sys
from types import SimpleNamespace
sys.path[1:1] = ${JSON.stringify([reference, training])}
import torch
from opened import facts
card = dict(name="NVIDIA H200", major=9, minor=0, total_memory=1, multi_processor_count=132, warp_size=32)
def told(**more):
    torch.cuda.get_device_properties = lambda _: SimpleNamespace(**card, **more)
    return facts(torch.device("cuda", 0)).get("uuid")
class Uuid:
    def __str__(self):
        return "${uuidOf(3)}"
print(told(uuid=Uuid()), told(), torch.version.cuda is None or hasattr(torch._C._CudaDeviceProperties, "uuid"))`
  const child = Bun.spawn(['path' in found ? found.path : '', '-B', '-c', code], { stdout: 'pipe', stderr: 'inherit' })
  expect(await child.stdout.text()).toBe(`${uuidOf(3)} None True\n`)
})
