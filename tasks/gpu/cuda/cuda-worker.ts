import { fileURLToPath } from 'node:url'
import * as v from 'valibot'
import { plain } from '../../python/interpreter.ts'
import { keepsBytecode } from '../../python/programs.ts'
import { nameOfKernel } from '../kernel.ts'
import { LoadedAnswer, Nothing, Opened, Sampled } from '../worker/answers.ts'
import type { BenchWorker } from '../worker/bench.ts'
import { answerOf } from '../worker/open-worker.ts'
import type { Outcome, Request } from '../worker/outcome.ts'
import { startWorker } from '../worker/worker-process.ts'

export interface CudaOptions {
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
export interface CudaWorker extends BenchWorker {
  /** Whether a training with so many images a step fits, tried; `limit` is the most bytes that it may take, 0: all there are. */
  tryBatch(images: number, resolution: number, limit: number): Promise<Outcome<BatchTried>>
}

export const BatchTried = v.object({ fits: v.picklist(['yes', 'badly', 'no']), why: v.optional(v.string()) })
export type BatchTried = v.InferOutput<typeof BatchTried>

const ours = fileURLToPath(new URL('./reference/cuda.py', import.meta.url))

/** Seconds: torch takes some to load, and minutes where a disk is slow. */
const openWithin = 180
/** What is filled and held against float64 before it is timed may be many gigabytes. */
const loadWithin = 300
/** Beside what was asked for. */
const sampleWithin = 60

/** Opens its device; the sentence where that can't be. */
export async function openCuda(options: CudaOptions): Promise<CudaWorker | string> {
  const { python, device, env, signal, log, program = ours } = options
  const worker = startWorker({
    name: "PyTorch's worker",
    command: [python, program],
    cwd: process.cwd(),
    env: { ...plain(env), ...keepsBytecode },
    log,
    signal,
  })
  const opened = await worker.ask({ ask: 'open', device }, Opened, openWithin * 1000)
  if (opened.kind !== 'answered' || opened.value.kind !== 'opened') {
    await worker.stop()
    signal.throwIfAborted()
    return opened.kind === 'answered' ? 'torch finds no device' : opened.sentence
  }
  const { facts } = opened.value
  const ask = async <T>(request: Request, schema: v.GenericSchema<unknown, T>, within: number) =>
    answerOf(await worker.ask(request, schema, within * 1000))
  return {
    facts,
    worker,
    load: (kernel, size, _search, within = loadWithin) =>
      // Operations are called as the kernels that do the same.
      ask({ ask: 'load', kernel: nameOfKernel(kernel), size }, LoadedAnswer, within),
    sample: (loaded, seconds, within = sampleWithin + 10 * seconds) =>
      ask({ ask: 'sample', loaded, seconds }, Sampled, within),
    unload: async (loaded, within = loadWithin) => {
      await ask({ ask: 'unload', loaded }, Nothing, within)
    },
    tryBatch: (images, resolution, limit) =>
      worker.ask({ ask: 'batch', images, resolution, limit }, BatchTried, loadWithin * 1000),
  }
}
