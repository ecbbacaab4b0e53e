import { cannot } from '../../../lib/index.ts'
import type { DeviceFacts, Kernel } from '../kernel.ts'
import { type Loaded, load } from './load.ts'
import { type Room, roomOn } from './room.ts'

export interface OpenDevice {
  readonly facts: DeviceFacts
  /** Finds the best tuning within about so many seconds; throws a Failure for a kernel that computes wrong, else a Problem. */
  load(kernel: Kernel, size: number, options: { readonly seconds: number }): Promise<Loaded>
  close(): Promise<void>
}

export interface DeviceOptions {
  /** `hardware`, `software`, or part of an adapter's name. */
  readonly adapter: string
  /** Without WebGPU's bounds checks and zeroing: what the card does, where else it is what a web page gets. */
  readonly unchecked: boolean
}

/** Dawn crashes when what `create()` returns is collected while a device of it lives. */
const kept: GPU[] = []

export async function openDevice({ adapter: wanted, unchecked }: DeviceOptions): Promise<OpenDevice> {
  const { create, globals } = await import('webgpu')
  Object.assign(globalThis, globals)
  const on = ['allow_unsafe_apis', 'vulkan_enable_f16_on_nvidia']
  if (unchecked) on.push('disable_robustness', 'disable_workgroup_init')
  // Quantised timestamps step by 65 µs.
  const gpu = create([`enable-dawn-features=${on.join(',')}`, 'disable-dawn-features=timestamp_quantization'])
  kept.push(gpu)
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
  if (adapter === null)
    throw cannot('open a GPU', 'adapter', wanted, 'none', 'Install a driver of Vulkan, or of the card')
  const device = await adapter.requestDevice({
    requiredFeatures: [...adapter.features].filter(matters),
    requiredLimits: limitsOf(adapter),
  })
  return runtimeOn(roomOn(device, factsOf(adapter)))
}

/** The runtime on a device, however it was opened. */
export function runtimeOn(room: Room): OpenDevice {
  return {
    facts: room.facts,
    load: (kernel, size, { seconds }) => load(room, kernel, size, seconds),
    async close() {
      await room.device.queue.onSubmittedWorkDone()
      room.device.destroy()
    },
  }
}

/** What kernels may need; the rest is for drawing. */
const features = ['timestamp-query', 'shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix']

function matters(name: string): name is GPUFeatureName {
  return features.includes(name)
}

function limitsOf({ limits }: GPUAdapter): Record<string, number> {
  const all: Record<string, number> = {}
  // They are getters of its prototype.
  for (const name in limits) {
    const value: unknown = Reflect.get(limits, name)
    if (typeof value === 'number') all[name] = value
  }
  return all
}

function factsOf(adapter: GPUAdapter): DeviceFacts {
  const { info } = adapter
  return {
    name: info.device || info.description,
    kind: info.isFallbackAdapter ? 'software' : 'hardware',
    vendor: info.vendor,
    architecture: info.architecture,
    driver: info.description,
    backend: 'vulkan',
    features: [...adapter.features].filter(matters),
    limits: limitsOf(adapter),
    subgroups: { least: info.subgroupMinSize ?? 1, most: info.subgroupMaxSize ?? 1 },
    matrices: [],
  }
}
