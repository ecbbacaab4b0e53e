import { fileURLToPath } from 'node:url'
import { Failure, Problem, type WorkContext } from '../../lib/index.ts'
import { plain } from '../python/interpreter.ts'
import { keepsBytecode } from '../python/programs.ts'
import { LoadedAnswer, Nothing, Opened, Sampled } from './answers.ts'
import type { DeviceFacts, KernelSample, LoadedKernel } from './kernel.ts'
import type { Outcome } from './outcome.ts'
import { startWorker, type Worker } from './worker-process.ts'

export interface CudaWorkerOptions {
  /** An interpreter with torch. */
  readonly python: string
  /** `cpu` has everything done as on a card, and measures the CPU. */
  readonly device: 'cuda' | 'cpu'
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
  log(line: string): void
  /** In place of ours; in tests. */
  readonly program?: string | undefined
}

/** A process in which PyTorch does what WebGPU's kernels do. */
export interface CudaWorker {
  readonly facts: DeviceFacts
  readonly worker: Worker
  sample(operation: string, size: number, seconds: number, context: Pick<WorkContext, 'signal'>): Promise<CudaSample>
}

export type CudaSample = KernelSample & LoadedKernel

const ours = fileURLToPath(new URL('./reference/cuda.py', import.meta.url))

/** Milliseconds: torch takes seconds to load, and minutes where a disk is slow. */
const openWithin = 180_000
/** What is filled and held against float64 before it is timed may be many gigabytes. */
const loadWithin = 300_000

/** Opens its device; the sentence where that can't be. */
export async function startCudaWorker(options: CudaWorkerOptions): Promise<CudaWorker | string> {
  const { python, device, env, signal, log, program = ours } = options
  const worker = startWorker({
    name: "PyTorch's worker",
    command: [python, program],
    cwd: process.cwd(),
    env: { ...plain(env), ...keepsBytecode },
    log,
    signal,
  })
  const opened = await worker.ask({ ask: 'open', device }, Opened, openWithin)
  if (opened.kind !== 'answered' || opened.value.kind !== 'opened') {
    await worker.stop()
    signal.throwIfAborted()
    return opened.kind === 'answered' ? 'torch finds no device' : opened.sentence
  }
  const { facts } = opened.value
  return { facts, worker, sample: samplingOn(worker) }
}

function samplingOn(worker: Worker): CudaWorker['sample'] {
  const kept = new Map<string, LoadedAnswer>()

  async function loadedAs(kernel: string, size: number): Promise<LoadedAnswer> {
    const name = `${kernel} ${size}`
    const found = kept.get(name)
    if (found !== undefined) return found
    const request = { ask: 'load', kernel, size }
    let loaded = await worker.ask(request, LoadedAnswer, loadWithin)
    if (loaded.kind === 'refused' && !loaded.wrong && kept.size > 0) {
      // There may be room for it once all else is gone.
      for (const [other, { loaded }] of kept) {
        answered(await worker.ask({ ask: 'unload', loaded }, Nothing, loadWithin))
        kept.delete(other)
      }
      loaded = await worker.ask(request, LoadedAnswer, loadWithin)
    }
    const value = answered(loaded)
    kept.set(name, value)
    return value
  }

  return async (operation, size, seconds, { signal }) => {
    signal.throwIfAborted()
    const stop = () => void worker.stop()
    signal.addEventListener('abort', stop, { once: true })
    try {
      const { loaded, ...kernel } = await loadedAs(operation, size)
      const within = loadWithin + 10_000 * seconds
      return { ...kernel, ...answered(await worker.ask({ ask: 'sample', loaded, seconds }, Sampled, within)) }
    } catch (error) {
      signal.throwIfAborted()
      throw error
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }
}

/** A wrong result is the system's; that it can't, or is gone, is the world's. */
function answered<T>(outcome: Outcome<T>): T {
  if (outcome.kind === 'answered') return outcome.value
  if (outcome.kind === 'refused' && outcome.wrong) throw new Failure(outcome.sentence)
  throw new Problem(outcome.sentence)
}
