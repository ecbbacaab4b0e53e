import { messageOf, quantity, type StepContext } from '../../../lib/index.ts'
import type { CudaClient, PresentCuda } from '../cuda/cuda.ts'
import type { BatchTried, CudaWorker } from '../cuda/cuda-worker.ts'
import type { GpuClient, PresentGpu } from '../service.ts'
import { Allocated } from '../worker/answers.ts'
import type { GpuWorker } from '../worker/open-worker.ts'
import type { Outcome } from '../worker/outcome.ts'
import { type Hunt, type Largest, largest, largestWords, type Trial } from './largest.ts'

type Context = Pick<StepContext, 'signal' | 'log' | 'progress'>

/** Whether memory may be taken until there is none. */
export function mayHunt(gpu: GpuClient): true | string {
  if (gpu.kind === 'absent') return gpu.sentence
  if (gpu.facts.kind === 'hardware') return true
  return `nobody hunts for the end of memory on ${gpu.facts.name}: it is the machine's, and the kernel would kill whoever takes it`
}

/** A batch is of the card that CUDA sees, whether WebGPU finds it or not; but nobody who asked for the CPU wants a card's memory filled. */
export function mayHuntBatch(gpu: GpuClient, cuda: CudaClient): true | string {
  if (gpu.kind === 'present' && gpu.facts.kind === 'software') return mayHunt(gpu)
  return cuda.kind === 'present' ? true : cuda.sentence
}

const MiB = 2 ** 20
const unit = 64 * MiB

/** What WebGPU can have of the card's memory at once, by a worker of its own for each try. */
export async function largestAllocation(gpu: PresentGpu, context: Context) {
  const found = await hunt<GpuWorker, Allocated>(
    { what: 'allocation', from: 16, most: 2 ** 20, tolerance: 0.01 },
    context,
    () => gpu.open(context),
    ({ worker }, size) => worker.ask({ ask: 'allocate', bytes: size * unit }, Allocated, huntWithin),
    ({ fits, why = 'it does not say why' }) => (fits ? { kind: 'fits' } : { kind: 'does not fit', why }),
  )
  return { largest: quantity((found.size * unit) / 2 ** 30, 'GiB') }
}

/** Pixels a side of what is trained on. */
const resolution = 224

/** How many images of a step fit into the card's memory, by a training of its own for each try. */
export async function largestBatch(cuda: PresentCuda, context: Context) {
  const found = await hunt<CudaWorker, BatchTried>(
    { what: 'batch', from: 64, most: 2 ** 20, tolerance: 0.02 },
    context,
    () => cuda.open(context),
    (worker, size) => worker.tryBatch(size, resolution, 0),
    batchTrial,
  )
  return { largest: quantity(found.size, 'images') }
}

/** One that only fits after what it kept for later was given back is too large to work with. */
export function batchTrial({ fits, why = 'it does not say why' }: BatchTried): Trial {
  return fits === 'yes' ? { kind: 'fits' } : { kind: 'does not fit', why }
}

/** Milliseconds: a card's whole memory may have to be written to. */
const huntWithin = 300_000

async function hunt<W extends Pick<GpuWorker, 'worker'>, T>(
  how: Hunt,
  context: Context,
  open: () => Promise<W>,
  ask: (worker: W, size: number) => Promise<Outcome<T>>,
  judge: (answer: T) => Trial,
): Promise<Largest> {
  const trial = async (size: number) => {
    const came = await freshTrial(open, (worker) => ask(worker, size), judge)
    // What was told to stop tells nothing of the size.
    context.signal.throwIfAborted()
    return came
  }
  const found = await largest(trial, how, context.progress)
  for (const { size, fits, why } of found.trials)
    context.log(`${how.what} ${size} ${fits ? 'fits' : `does not fit: ${why}`}`)
  context.log(`largest ${how.what}: ${largestWords(found)}`)
  return found
}

/** What one try comes to in a process that knows nothing of those before. */
export async function freshTrial<W extends Pick<GpuWorker, 'worker'>, T>(
  open: () => Promise<W>,
  ask: (worker: W) => Promise<Outcome<T>>,
  judge: (answer: T) => Trial,
): Promise<Trial> {
  let worker: W
  try {
    worker = await open()
  } catch (error) {
    return { kind: 'broken', sentence: messageOf(error) }
  }
  try {
    return trialOf(await ask(worker), judge)
  } finally {
    await worker.worker.stop()
  }
}

/** The kernel kills who takes too much of the machine's memory; what else ends a process is another matter. */
export function trialOf<T>(outcome: Outcome<T>, judge: (answer: T) => Trial): Trial {
  if (outcome.kind === 'answered') return judge(outcome.value)
  if (outcome.kind === 'killed' && outcome.memory !== false) return { kind: 'does not fit', why: outcome.sentence }
  return { kind: 'broken', sentence: outcome.sentence }
}
