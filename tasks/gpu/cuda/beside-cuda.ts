import { type Quantity, quantity, type StepContext } from '../../../lib/index.ts'
import { type KernelSample, type LoadedKernel, nameOfKernel } from '../kernel.ts'
import { cleanSample } from '../samples/clean-sample.ts'
import type { KernelSamples } from '../samples/kernel-samples.ts'
import { type GpuClient, presentGpu } from '../service.ts'
import { type CudaClient, presentCuda } from './cuda.ts'
import { pairOf } from './pair.ts'
import { sameCard } from './same-card.ts'

/** Whether both are there, on one card. */
export function comparable(card: GpuClient, pytorch: CudaClient): true | string {
  if (card.kind === 'absent') return card.sentence
  if (card.facts.kind === 'software') return 'the adapter is the CPU, which is held against no card'
  return pytorch.kind === 'present' ? sameCard(card, pytorch.facts) : pytorch.sentence
}

export interface Both {
  readonly card: GpuClient
  readonly pytorch: CudaClient
  readonly samples: KernelSamples
  readonly kernel: URL
  readonly size: number
}

/** A sample of a kernel and one of the same by PyTorch, back to back, as `figure` has them. */
export async function sampleBoth<const U extends string>(
  { card, pytorch, samples, kernel, size }: Both,
  figure: (sample: KernelSample & LoadedKernel) => number,
  unit: U,
  context: StepContext & { readonly round: number },
): Promise<{ readonly webgpu: Quantity<U>; readonly cuda: Quantity<U> }> {
  const torch = presentCuda(pytorch)
  const { telemetry, pids } = presentGpu(card)
  const watching = { telemetry, own: () => [...pids(), ...torch.pids()] }
  const both = await pairOf(
    () => samples.take(card, kernel, size, context, torch.pids()),
    async () => {
      const take = () => torch.sample(kernel, size, { seconds: samples.seconds }, context)
      return (await cleanSample(take, { ...watching, sample: `${nameOfKernel(kernel)} by CUDA` }, context)).value
    },
    context.round,
  )
  return { webgpu: quantity(figure(both.webgpu), unit), cuda: quantity(figure(both.cuda), unit) }
}
