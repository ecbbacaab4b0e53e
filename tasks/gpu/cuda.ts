import type { Service } from '../../lib/index.ts'
import { checkPython, pythonEnvironment } from '../python/environment.ts'
import { cudaHere } from './cuda-here.ts'
import { type CudaWorker, startCudaWorker } from './cuda-worker.ts'

/** CUDA by PyTorch, beside WebGPU on the same card; `absent` where there is none, and why. */
export type CudaClient =
  | { readonly kind: 'absent'; readonly sentence: string }
  | (CudaWorker & {
      readonly kind: 'present'
      /** The interpreter, for trainings and for workers of their own. */
      readonly python: string
    })

/** Where there is no CUDA device no Python environment is looked for, let alone made. */
export function cuda(): Service<CudaClient> {
  return {
    name: 'cuda',
    async precondition(env, signal) {
      if (cudaHere(env).kind === 'here')
        await checkPython('train', { env, signal: signal ?? new AbortController().signal })
    },
    async start(context) {
      const here = cudaHere(context.env)
      if (here.kind === 'none') return absent(here.why)
      const { python } = await pythonEnvironment('train', context)
      const { env, signal, log } = context
      const started = await startCudaWorker({ python, device: 'cuda', env, signal, log })
      if (typeof started === 'string') return absent(started)
      const { name, driver } = started.facts
      return {
        client: { ...started, kind: 'present', python },
        detail: `${name}, ${driver}`,
        ready: async () => {},
        stop: () => started.worker.stop(),
      }
    },
  }
}

function absent(sentence: string) {
  const client: CudaClient = { kind: 'absent', sentence }
  return { client, detail: sentence, ready: async () => {}, stop: async () => {} }
}
