import * as v from 'valibot'
import type { DeviceFacts, MatrixConfig } from '../kernel.ts'
import { type Chosen, chooseAdapter, type SeenAdapter } from './adapters.ts'
import { effectsOf } from './effects.ts'
import { flagsOf, type ToggleSeen, type Toggles, togglesFor, togglesSeen } from './toggles.ts'

export interface AdapterOptions {
  /** `hardware`, `software`, or part of an adapter's name. */
  readonly adapter: string
  /** Without WebGPU's bounds checks and zeroing: what the card does, where else it is what a web page gets. */
  readonly unchecked: boolean
  readonly toggles?: Toggles
}

export interface OpenAdapter {
  readonly device: GPUDevice
  readonly facts: DeviceFacts
  readonly toggles: readonly ToggleSeen[]
  readonly all: readonly SeenAdapter[]
}

export interface NoAdapter {
  readonly device: undefined
  readonly facts: undefined
  readonly all: readonly SeenAdapter[]
}

/** Opens the device that is asked for with all that its adapter grants; without one, all the adapters that there are. */
export async function openAdapter(options: AdapterOptions): Promise<OpenAdapter | NoAdapter> {
  const { adapter: wanted, unchecked, toggles = togglesFor(unchecked) } = options
  const chosen = await chooseAdapter(wanted, flagsOf(toggles))
  if (chosen.gpu === undefined) return { device: undefined, facts: undefined, all: chosen.all }
  const { adapter, all } = chosen
  const device = await adapter.requestDevice({
    requiredFeatures: [...adapter.features].filter(matters),
    // What is not listed has the least that the standard allows: 128 MiB of a buffer.
    requiredLimits: limitsOf(adapter.limits),
  })
  const effects = await effectsOf(device, adapter)
  return { device, facts: factsOf(chosen, device), toggles: togglesSeen(toggles, effects), all }
}

function factsOf({ adapter: { info }, seen }: Chosen, device: GPUDevice): DeviceFacts {
  const { subgroupMinSize: least = 1, subgroupMaxSize: most = 1 } = info
  return {
    name: seen.name,
    kind: seen.kind,
    vendor: info.vendor,
    architecture: info.architecture,
    driver: info.description,
    backend: seen.backend,
    features: [...device.features].sort(),
    limits: limitsOf(device.limits),
    subgroups: { least, most },
    matrices: matricesOf(info),
  }
}

// Its values are getters of the prototype, which only `for in` sees.
function limitsOf(limits: GPUSupportedLimits): Record<string, number> {
  const all: Record<string, number> = {}
  for (const name in limits) {
    const value: unknown = Reflect.get(limits, name)
    if (typeof value === 'number') all[name] = value
  }
  return all
}

/** Not in the standard yet, nor in its types. */
const Configs = v.object({
  subgroupMatrixConfigs: v.fallback(
    v.array(
      v.object({
        componentType: v.string(),
        resultComponentType: v.string(),
        M: v.number(),
        N: v.number(),
        K: v.number(),
      }),
    ),
    [],
  ),
})

function matricesOf(info: GPUAdapterInfo): readonly MatrixConfig[] {
  const found: unknown = Reflect.get(info, 'subgroupMatrixConfigs')
  const { subgroupMatrixConfigs } = v.parse(Configs, { subgroupMatrixConfigs: found })
  return subgroupMatrixConfigs.map(({ componentType: component, resultComponentType: result, M: m, N: n, K: k }) => ({
    component,
    result,
    m,
    n,
    k,
  }))
}

/** What kernels may need; the rest is for drawing. */
const useful = ['timestamp-query', 'shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix']

function matters(name: string): name is GPUFeatureName {
  return useful.includes(name)
}
