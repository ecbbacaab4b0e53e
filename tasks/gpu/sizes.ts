import * as v from 'valibot'
import { type GpuClient, type PresentGpu, presentGpu } from './service.ts'

/** Enough to take a moment, on a CPU. */
const softwareElements = 2 ** 16

/** Of the card's memory one array may take so much: five kernels hold three each, and PyTorch beside them as many. */
const share = 1 / 32
/** Bytes, where nobody tells how much memory there is. */
const unknown = 2 ** 28

type Sized = Pick<PresentGpu, 'facts' | 'memory'>

/** How large the arrays of a plan are, and why they are smaller than was asked for. */
export const ArraySize = v.object({ elements: v.number(), words: v.string() })
export type ArraySize = v.InferOutput<typeof ArraySize>

/**
 * Arrays of f32 of so many MiB, or as many as there is room for; of a software adapter fewer, since nothing is to be learnt from its speed.
 * (1 GiB is 17 times the second-level cache of an H200.)
 */
export function arraySize({ facts: { kind, limits }, memory }: Sized, mib: number): ArraySize {
  const bound = Math.min(limits.maxStorageBufferBindingSize ?? Infinity, limits.maxBufferSize ?? Infinity)
  const reasons: readonly (readonly [elements: number, because: string])[] = [
    [mib * 2 ** 18, ''],
    // Buffers are longer by a guard, and drivers refuse those of exactly the greatest size.
    [(bound - 2 ** 20) / 4, 'the device binds no more'],
    memory === undefined
      ? [unknown / 4, 'nobody tells how much memory the card has']
      : [(memory * share) / 4, `the card has ${(memory / 1e9).toFixed(0)} GB for all of them`],
    ...(kind === 'software' ? [[softwareElements, 'the adapter is the CPU'] as const] : []),
  ]
  const [most, because] = reasons.reduce((least, one) => (one[0] < least[0] ? one : least))
  const elements = Math.floor(most)
  const words = `${sizeWords(elements)} each${because === '' ? '' : ` in place of ${mib} MiB: ${because}`}`
  return { elements, words }
}

/** For a step whose line tells the size. */
export function chooseArrays(gpu: GpuClient, mib: number, { progress }: { progress(text: string): void }): ArraySize {
  const size = arraySize(presentGpu(gpu), mib)
  progress(size.words)
  return size
}

function sizeWords(elements: number): string {
  const mib = (4 * elements) / 2 ** 20
  return mib >= 1 ? `${Number(mib.toFixed(1))} MiB` : `${Number((mib * 1024).toFixed(1))} KiB`
}

/** What a plan has kernels of arithmetic do. */
export const WorkSize = v.object({ edge: v.number(), invocations: v.number(), additions: v.number() })
export type WorkSize = v.InferOutput<typeof WorkSize>

/** Matrices of this edge, invocations that multiply and add, atomic additions; of a software adapter few. */
export function chooseWork(gpu: GpuClient, edge: number, { progress }: { progress(text: string): void }): WorkSize {
  const software = presentGpu(gpu).facts.kind === 'software'
  const size = software
    ? { edge: Math.min(edge, 64), invocations: 256, additions: softwareElements }
    : { edge, invocations: 2 ** 20, additions: 2 ** 24 }
  const less = size.edge < edge ? ` in place of ${edge}: the adapter is the CPU` : ''
  progress(`matrices of ${size.edge} × ${size.edge}${less}`)
  return size
}
