import type { DeviceFacts } from '../kernel.ts'
import type { PresentGpu } from '../service.ts'
import { chooseCard } from '../telemetry/choose.ts'

/**
 * Whether what PyTorch uses is surely the card that WebGPU uses and that is watched, or why not. WebGPU knows a card by its name alone and
 * takes the first of those that share it; PyTorch takes the first that CUDA_VISIBLE_DEVICES names.
 */
export function sameCard(
  { facts, adapters, telemetry }: Pick<PresentGpu, 'facts' | 'adapters' | 'telemetry'>,
  pytorch: Pick<DeviceFacts, 'name' | 'uuid'>,
): true | string {
  const watched = telemetry.kind === 'none' ? undefined : telemetry.card
  const { name = facts.name, uuid } = watched ?? {}
  if (uuid !== undefined && pytorch.uuid !== undefined && plain(uuid) === plain(pytorch.uuid)) return true
  const one = { name, index: 0, uuid: '', pciDevice: undefined, driver: undefined }
  if (typeof chooseCard([one], { name: pytorch.name }) === 'string')
    return `PyTorch uses ${pytorch.name} and WebGPU ${name}: have both use the same, by CUDA_VISIBLE_DEVICES or --set adapter=NAME`
  const alike = adapters.filter(({ name, backend }) => name === facts.name && backend === facts.backend).length
  const several = telemetry.kind === 'none' ? alike > 1 : telemetry.note !== undefined
  if (!several) return true
  const alone = `have one alone show, of a container by NVIDIA_VISIBLE_DEVICES=${pytorch.uuid === undefined ? '0' : `GPU-${plain(pytorch.uuid)}`}`
  return uuid === undefined || pytorch.uuid === undefined
    ? `nobody tells which of several cards called ${name} PyTorch and WebGPU use: ${alone}`
    : `PyTorch uses another ${name} than WebGPU, which takes the first: unset CUDA_VISIBLE_DEVICES, or ${alone}`
}

/** NVML puts the kind of device before it, torch does not. */
function plain(uuid: string): string {
  return uuid.toLowerCase().replace(/^gpu-/, '')
}
