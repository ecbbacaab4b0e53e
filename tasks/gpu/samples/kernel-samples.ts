import { join } from 'node:path'
import { Failure, quantity, type StepContext } from '../../../lib/index.ts'
import { type KernelSample, type LoadedKernel, nameOfKernel } from '../kernel.ts'
import { type GpuClient, presentGpu } from '../service.ts'
import { cleanSample } from './clean-sample.ts'
import { addBeside } from './side-record.ts'
import { warmToSteadyClocks } from './warm-up.ts'

/** How many samples' time is spent on finding a kernel's best tuning. */
const searching = 10

export interface KernelSamples {
  /** About so many each takes. */
  readonly seconds: number
  /**
   * One sample of a kernel at a size, clean or marked in the step's log; before its first the card is warmed up. `beside`: other processes
   * that use the card for this run.
   */
  take(
    gpu: GpuClient,
    kernel: URL,
    size: number,
    context: StepContext,
    beside?: readonly number[],
  ): Promise<KernelSample & LoadedKernel>
}

/** Samples of about so many seconds each, for the measures of a plan. */
export function kernelSamples({
  seconds,
  unchecked = false,
}: {
  readonly seconds: number
  readonly unchecked?: boolean
}): KernelSamples {
  const warm = new Set<string>()
  return {
    seconds,
    async take(client, kernel, size, context, beside = []) {
      const gpu = presentGpu(client)
      const name = nameOfKernel(kernel)
      const watching = { telemetry: gpu.telemetry, own: () => [...gpu.pids(), ...beside] }
      // Of a CPU no tuning is the best one for a card.
      const search = gpu.facts.kind === 'software' ? 0 : searching * seconds
      const take = () => gpu.sample(kernel, size, { seconds, unchecked, search }, context)
      const key = `${kernel.href} ${size}`
      if (!warm.has(key)) {
        // It is loaded, checked and tuned by then, which takes the card to and fro.
        keepSearch(context, name, size, unchecked, await take())
        await warmToSteadyClocks(take, watching, context)
        warm.add(key)
      }
      const { value } = await cleanSample(take, { ...watching, sample: name }, context)
      return value
    },
  }
}

/** Every tuning that was tried and what it took, a line of JSON a kernel, in the step's folder. */
function keepSearch(
  { folder, log }: StepContext,
  kernel: string,
  size: number,
  unchecked: boolean,
  loaded: LoadedKernel,
): void {
  const { search, tuning, compileSeconds } = loaded
  const line = JSON.stringify({ kernel, size, unchecked, chosen: tuning, compileSeconds, search })
  addBeside(join(folder, 'search.jsonl'), `${line}\n`, log)
}

/** Seconds of one operation: by the device's own clock, where it has one for it. */
export function secondsOf({ deviceSeconds, wallSeconds }: KernelSample): number {
  return deviceSeconds ?? wallSeconds
}

/** In GB/s. */
export function bandwidthOf(sample: KernelSample & LoadedKernel, seconds = secondsOf(sample)): number {
  return perSecond(sample.bytes, seconds, 'bytes') / 1e9
}

/** By the device's clock, and by the wall clock as a check of that. */
export function bandwidthsOf(sample: KernelSample & LoadedKernel) {
  const [bandwidth, wall] = [bandwidthOf(sample), bandwidthOf(sample, sample.wallSeconds)]
  return { bandwidth: quantity(bandwidth, 'GB/s'), wall: quantity(wall, 'GB/s') }
}

/** In TFLOP/s. */
export function flopRateOf(sample: KernelSample & LoadedKernel): number {
  return perSecond(sample.flop, secondsOf(sample), 'FLOP') / 1e12
}

/** In µs, of each of what one operation counts. */
export function latencyOf(sample: KernelSample & LoadedKernel): number {
  return (secondsOf(sample) * 1e6) / sample.count
}

/** In 10⁹ a second, of what one operation counts. */
export function countRateOf(sample: KernelSample & LoadedKernel): number {
  return perSecond(sample.count, secondsOf(sample), 'operations') / 1e9
}

function perSecond(amount: number, seconds: number, what: string): number {
  if (amount > 0 && seconds > 0) return amount / seconds
  throw new Failure(`A kernel did ${amount} ${what} in ${seconds} s`)
}
