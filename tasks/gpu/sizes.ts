import type { GpuClient } from './service.ts'

/** Enough to take a moment, on a CPU. */
const softwareElements = 2 ** 16

/**
 * Elements of f32 in an array of so many MiB, or as many as the device can bind; of a software adapter fewer, since nothing is to be learnt
 * from its speed. (1 GiB is 17 times the second-level cache of an H200.)
 */
export function elementsOf(gpu: GpuClient, mib: number): number {
  const asked = mib * 2 ** 18
  if (gpu.kind === 'absent') return asked
  const { kind, limits } = gpu.facts
  const bound = Math.min(limits.maxStorageBufferBindingSize ?? Infinity, limits.maxBufferSize ?? Infinity)
  // Buffers are longer by a guard, and drivers refuse those of exactly the greatest size.
  const most = Math.floor((bound - 2 ** 20) / 4)
  return Math.min(asked, most, kind === 'software' ? softwareElements : Infinity)
}

/** Invocations that each do one thing; of a software adapter few. */
export function countOf(gpu: GpuClient, count: number): number {
  return gpu.kind === 'present' && gpu.facts.kind === 'software' ? Math.min(count, softwareElements) : count
}

/** `edge`, of square matrices, or so many invocations; of a software adapter small. */
export function sizeOf(gpu: GpuClient, size: 'edge' | number, edge: number): number {
  const software = gpu.kind === 'present' && gpu.facts.kind === 'software'
  if (size === 'edge') return software ? Math.min(edge, 64) : edge
  return software ? Math.min(size, 256) : size
}
