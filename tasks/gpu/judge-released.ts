import { type Finding, holds } from '../../lib/index.ts'
import { type GpuClient, presentGpu } from './service.ts'

/** Whether what all samples left behind is right, of every kernel that was measured: a wrong answer has no speed. */
export async function judgeReleased(gpu: GpuClient): Promise<readonly Finding[]> {
  const released = await presentGpu(gpu).release()
  return released.map(({ kernel, size, unchecked, wrong }) =>
    holds(
      `${kernel} of ${size}${unchecked ? ', unchecked,' : ''} still computed right at the end`,
      wrong === undefined,
      wrong ?? '',
    ),
  )
}
