import type { GpuClient, PresentGpu } from './service.ts'

/** Enough to take a moment, on a CPU. */
const softwareElements = 2 ** 16

/** Of the card's memory one array may take so much: five kernels hold three each, and PyTorch beside them as many. */
const share = 1 / 32
/** Bytes, where nobody tells how much memory there is. */
const unknown = 2 ** 28

type Sized = Exclude<GpuClient, { kind: 'present' }> | Pick<PresentGpu, 'kind' | 'facts' | 'memory'>

/**
 * Elements of f32 in an array of so many MiB, or as many as there is room for; of a software adapter fewer, since nothing is to be learnt
 * from its speed. (1 GiB is 17 times the second-level cache of an H200.)
 */
export function elementsOf(gpu: Sized, mib: number): number {
  const asked = mib * 2 ** 18
  if (gpu.kind === 'absent') return asked
  const { kind, limits } = gpu.facts
  if (kind === 'software') return Math.min(asked, softwareElements)
  const bound = Math.min(limits.maxStorageBufferBindingSize ?? Infinity, limits.maxBufferSize ?? Infinity)
  const room = gpu.memory === undefined ? unknown : gpu.memory * share
  // Buffers are longer by a guard, and drivers refuse those of exactly the greatest size.
  return Math.min(asked, Math.floor(Math.min(bound - 2 ** 20, room) / 4))
}

/** Invocations that each do one thing; of a software adapter few. */
export function countOf(gpu: Sized, count: number): number {
  return gpu.kind === 'present' && gpu.facts.kind === 'software' ? Math.min(count, softwareElements) : count
}

/** `edge`, of square matrices, or so many invocations; of a software adapter small. */
export function sizeOf(gpu: Sized, size: 'edge' | number, edge: number): number {
  const software = gpu.kind === 'present' && gpu.facts.kind === 'software'
  if (size === 'edge') return software ? Math.min(edge, 64) : edge
  return software ? Math.min(size, 256) : size
}
