import { Problem, type RunningService, type Service, type WorkContext } from '../../../lib/index.ts'
import { checkPython, pythonEnvironment } from '../../python/environment.ts'
import type { DeviceFacts } from '../kernel.ts'
import type { Bench } from '../worker/bench.ts'
import { workersOf } from '../worker/workers.ts'
import { cudaHere } from './cuda-here.ts'
import { type CudaWorker, openCuda } from './cuda-worker.ts'

/** CUDA by PyTorch, beside WebGPU on the same card and asked in the same way; `absent` where there is none, and why. */
export type CudaClient = { readonly kind: 'absent'; readonly sentence: string } | PresentCuda

export interface PresentCuda extends Bench {
  readonly kind: 'present'
  readonly facts: DeviceFacts
  /** The interpreter, for trainings on the card. */
  readonly python: string
  /** Of the workers that use it for this run. */
  pids(): readonly number[]
  /** A worker of the step's own, which it stops. */
  open(context: Pick<WorkContext, 'signal' | 'log'>): Promise<CudaWorker>
}

export function presentCuda(cuda: CudaClient): PresentCuda {
  if (cuda.kind === 'present') return cuda
  throw new Problem(cuda.sentence)
}

/** Where there is no CUDA device no Python environment is looked for, let alone made. */
export function cuda(): Service<CudaClient> {
  return {
    name: 'cuda',
    async precondition(env, signal = new AbortController().signal) {
      if (cudaHere(env).kind === 'here') await checkPython('train', { env, signal })
    },
    async start(context) {
      const here = cudaHere(context.env)
      if (here.kind === 'none') return absent(here.why)
      const { python } = await pythonEnvironment('train', context)
      const { env } = context
      const found = await openCuda({ ...context, python, device: 'cuda', env })
      if (typeof found === 'string') return absent(found)
      const openMore = async (_: boolean, { signal, log }: Pick<WorkContext, 'signal' | 'log'>) => {
        const more = await openCuda({ python, device: 'cuda', env, signal, log })
        if (typeof more === 'string') throw new Problem(more)
        return more
      }
      const { bench, open, pids, stop } = workersOf(found, openMore, context)
      const { facts } = found
      return {
        client: { kind: 'present', facts, python, pids, ...bench, open: (context) => open(false, context) },
        detail: `${facts.name}, ${facts.driver}`,
        ready: async () => {},
        stop,
      }
    },
  }
}

function absent(sentence: string): RunningService<CudaClient> {
  const client: CudaClient = { kind: 'absent', sentence }
  return { client, detail: 'none', absent: true, ready: async () => {}, stop: async () => {} }
}
