import type { DeviceFacts } from '../../../tasks/gpu/kernel.ts'

/** A card as NVIDIA's driver shows one to Vulkan. */
export const card: DeviceFacts = {
  name: 'a card',
  kind: 'hardware',
  vendor: 'nvidia',
  architecture: 'hopper',
  driver: '',
  backend: 'vulkan',
  features: [],
  limits: {
    maxComputeInvocationsPerWorkgroup: 1024,
    maxComputeWorkgroupSizeX: 1024,
    maxComputeWorkgroupStorageSize: 49_152,
    maxStorageBufferBindingSize: 2 ** 31 - 4,
    maxBufferSize: 2 ** 31 - 4,
  },
  subgroups: { least: 32, most: 32 },
  matrices: [],
}
