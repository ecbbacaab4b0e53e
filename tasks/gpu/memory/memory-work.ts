import { Problem, type StepContext } from '../../../lib/index.ts'
import type { GpuClient, PresentGpu } from '../service.ts'
import type { GpuWorker } from '../worker/open-worker.ts'
import { baseline, type MemoryBack, type MemoryMeter, mebibytes, memoryBack } from './memory-back.ts'
import { type MemoryCycles, memoryCycles } from './memory-cycles.ts'
import { meterOf } from './memory-meter.ts'

type Context = Pick<StepContext, 'signal' | 'log' | 'progress'>

const MiB = 2 ** 20

/** Whether it can be seen what work takes of this GPU's memory, or why not. */
export function canMeter(gpu: GpuClient): true | string {
  if (gpu.kind === 'absent') return gpu.sentence
  const meter = meterOf(gpu)
  return typeof meter === 'string' ? meter : true
}

/** A kernel is run and much memory held; once the one is unloaded and the other let go, all of it must be back. */
export function memoryAfterWork(gpu: PresentGpu, kernel: URL, context: Context): Promise<MemoryBack> {
  return metered(gpu, context, async (worker, meter) => {
    const bytes = muchOf(worker)
    const work = async () => {
      const { loaded } = await worker.load(kernel, small, 0)
      await worker.sample(loaded, 0.01)
      const got = await worker.hold(bytes)
      if (!got.fits) throw new Problem(`there is no room for ${mebibytes(bytes)}: ${got.why}`)
      return loaded
    }
    const cleanup = async (loaded: number) => {
      await worker.letGo()
      await worker.unload(loaded)
      // What was destroyed goes with a later serial of the queue, and what the worker itself has no use for with its collector.
      await worker.churn(1, 4)
    }
    // What a device takes once and keeps, and what is compiled, is no leak.
    await cleanup(await work())
    const before = await baseline(meter)
    const loaded = await work()
    const during = await meter.read()
    await cleanup(loaded)
    return memoryBack(meter, before, during)
  })
}

/** Elements of a kernel that is there to be run, and not to be measured. */
const small = 2 ** 16

function muchOf({ facts }: GpuWorker): number {
  return facts.kind === 'software' ? 256 * MiB : 4096 * MiB
}

/** So many buffers, each created, written and destroyed. `forget`: one of each so many is kept, as a leak would; in tests. */
export function memoryOfCycles(gpu: PresentGpu, cycles: number, context: Context, forget = 0): Promise<MemoryCycles> {
  return metered(gpu, context, async (worker, meter) => {
    // A small one's pages would come from a pool that keeps them.
    const bytes = worker.facts.kind === 'software' ? MiB : 64 * MiB
    const cycle = async (count: number) => void (await worker.churn(count, bytes, forget))
    return memoryCycles(meter, { cycles, bytes }, cycle, context.progress)
  })
}

/** A software adapter's memory is that of its process. */
export function canKill(gpu: GpuClient): true | string {
  if (gpu.kind === 'present' && gpu.facts.kind === 'software')
    return `what ${gpu.facts.name} takes ends with its process`
  return canMeter(gpu)
}

/** A process that holds memory of the card is killed, and asked nothing: the driver must give it back. */
export async function memoryAfterKill(gpu: PresentGpu, context: Context): Promise<MemoryBack> {
  return metered(gpu, context, async (_worker, meter) => {
    const before = await baseline(meter)
    const during = await withWorker(gpu, context, async (worker) => {
      await worker.hold(muchOf(worker))
      const held = await meter.read()
      if (worker.worker.pid !== undefined) process.kill(worker.worker.pid, 'SIGKILL')
      await worker.worker.ended
      return held
    })
    return memoryBack(meter, before, during)
  })
}

function metered<T>(
  gpu: PresentGpu,
  context: Context,
  work: (worker: GpuWorker, meter: MemoryMeter) => Promise<T>,
): Promise<T> {
  return withWorker(gpu, context, (worker) => {
    const meter = meterOf(gpu, worker.worker.pid)
    if (typeof meter === 'string') throw new Problem(meter)
    return work(worker, meter)
  })
}

async function withWorker<T>(gpu: PresentGpu, context: Context, work: (worker: GpuWorker) => Promise<T>): Promise<T> {
  const worker = await gpu.open(context)
  try {
    return await work(worker)
  } finally {
    await worker.worker.stop()
  }
}
