import { type Finding, holds } from '../../lib/index.ts'
import { type GpuClient, presentGpu } from './service.ts'

/** Whether what the samples of each kernel left is right to the last one: one that went wrong under load has no speed. Unloads all. */
export async function stillRight(gpu: GpuClient): Promise<readonly Finding[]> {
  const released = await presentGpu(gpu).release()
  return released.map(({ kernel, size, unchecked, wrong }) => {
    const name = `${kernel}${unchecked ? ' without bounds checks' : ''} at ${size} is right to the last sample`
    return holds(name, wrong === undefined, wrong ?? '')
  })
}
