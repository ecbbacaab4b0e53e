import { fileURLToPath } from 'node:url'
import type * as v from 'valibot'
import { Failure, Problem, type WorkContext } from '../../../lib/index.ts'
import type { DeviceFacts, KernelSample } from '../kernel.ts'
import {
  Allocated,
  Churned,
  LoadedAnswer,
  Nothing,
  Opened,
  Sampled,
  type SeenAdapter,
  type ToggleSeen,
} from './answers.ts'
import type { Outcome, Request } from './outcome.ts'
import { workerEnvironment } from './software.ts'
import { startWorker, type Worker } from './worker-process.ts'

/** A worker with an open device. Its methods throw what befalls it: a Failure where the GPU or the kernel is wrong, else a Problem. */
export interface GpuWorker {
  readonly facts: DeviceFacts
  readonly toggles: readonly ToggleSeen[]
  /** For whoever wants to see what befalls it. */
  readonly worker: Worker
  /** `search` seconds are spent on finding its best tuning; 0 takes the first. Deadlines (`within`) are in seconds. */
  load(kernel: URL, size: number, search: number, within?: number): Promise<LoadedAnswer>
  sample(loaded: number, seconds: number, within?: number): Promise<KernelSample>
  /** Throws a Failure where what its samples left is wrong. */
  unload(loaded: number, within?: number): Promise<void>
  /**
   * Creates, dispatches to and destroys a buffer of so many bytes, so often. Of each `forget` it forgets to destroy one and keeps hold of it,
   * so that whoever looks for leaks can be tried; none when absent or 0.
   */
  churn(cycles: number, bytes: number, forget?: number, within?: number): Promise<Churned>
  /** Whether so many bytes can be had at once. */
  allocate(bytes: number, within?: number): Promise<Allocated>
  /** The same, and what could be had is held until it is let go. */
  hold(bytes: number, within?: number): Promise<Allocated>
  letGo(within?: number): Promise<void>
}

export interface GpuChoice {
  /** `hardware`, `software`, or part of an adapter's name. */
  readonly adapter: string
  readonly unchecked: boolean
}

export type FoundGpu =
  | { readonly kind: 'opened'; readonly gpu: GpuWorker; readonly all: readonly SeenAdapter[] }
  | { readonly kind: 'none'; readonly all: readonly SeenAdapter[]; readonly why: string | undefined }

export type WorkerContext = Pick<WorkContext, 'log' | 'signal'> & {
  readonly env: Readonly<Record<string, string | undefined>>
}

const main = fileURLToPath(new URL('./worker.ts', import.meta.url))

/** A driver wakes a card up in seconds where nobody used it before. */
const openWithin = 60
const loadWithin = 300
/** Beside what was asked for: one operation of a slow device may take longer than all that was asked for. */
const sampleWithin = 60

/** Starts a worker and opens the adapter; throws a Problem for a name that no adapter has, and for what befalls it. */
export async function openWorker({ adapter, unchecked }: GpuChoice, context: WorkerContext): Promise<FoundGpu> {
  const { env, log, signal } = context
  const command = [process.execPath, main]
  const worker = startWorker({
    name: 'The GPU worker',
    command,
    cwd: '/',
    env: workerEnvironment(env, adapter),
    log,
    signal,
  })
  try {
    const open = { ask: 'open', adapter, unchecked }
    const opened = answerOf(await worker.ask(open, Opened, openWithin * 1000))
    if (opened.kind === 'opened') return { kind: 'opened', gpu: gpuWorker(worker, opened), all: opened.all }
    await worker.stop()
    return { kind: 'none', all: opened.all, why: opened.why }
  } catch (error) {
    await worker.stop()
    throw error
  }
}

function gpuWorker(worker: Worker, { facts, toggles }: Extract<Opened, { kind: 'opened' }>): GpuWorker {
  const ask = async <T>(request: Request, schema: v.GenericSchema<unknown, T>, within: number) =>
    answerOf(await worker.ask(request, schema, within * 1000))
  return {
    facts,
    toggles,
    worker,
    load: (kernel, size, seconds, within = loadWithin) =>
      ask({ ask: 'load', kernel: fileURLToPath(kernel), size, seconds }, LoadedAnswer, within),
    sample: (loaded, seconds, within = sampleWithin + 10 * seconds) =>
      ask({ ask: 'sample', loaded, seconds }, Sampled, within),
    unload: async (loaded, within = loadWithin) => {
      await ask({ ask: 'unload', loaded }, Nothing, within)
    },
    churn: (cycles, bytes, forget = 0, within = loadWithin) =>
      ask({ ask: 'churn', cycles, bytes, forget }, Churned, within),
    allocate: (bytes, within = sampleWithin) => ask({ ask: 'allocate', bytes }, Allocated, within),
    hold: (bytes, within = sampleWithin) => ask({ ask: 'hold', bytes }, Allocated, within),
    letGo: async (within = sampleWithin) => {
      await ask({ ask: 'letGo' }, Nothing, within)
    },
  }
}

/** What was answered; a kernel without an end, a lost device and a wrong result are failures of what is tested, all else is an error. */
export function answerOf<T>(outcome: Outcome<T>): T {
  if (outcome.kind === 'answered') return outcome.value
  const { kind, sentence } = outcome
  if (kind === 'endless' || kind === 'lost' || (kind === 'refused' && outcome.wrong)) throw new Failure(sentence)
  throw new Problem(sentence)
}
