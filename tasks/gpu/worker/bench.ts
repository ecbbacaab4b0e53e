import { freemem } from 'node:os'
import { Failure, messageOf, Problem, type WorkContext } from '../../../lib/index.ts'
import { type KernelSample, type LoadedKernel, nameOfKernel } from '../kernel.ts'
import type { LoadedAnswer } from './answers.ts'
import type { GpuWorker } from './open-worker.ts'

export interface SampleOptions {
  /** About how long the sample is to take; one operation at least. */
  readonly seconds: number
  /** Seconds that are spent on finding the kernel's best tuning when it is loaded; 1 when absent, 0 takes the first. */
  readonly search?: number
  /** Without WebGPU's bounds checks. */
  readonly unchecked?: boolean
  /** Seconds after which a kernel that has not answered is taken for one without an end. */
  readonly within?: number
}

/** Kernels that stay loaded from their first sample on, one sample at a time. */
export interface Bench {
  sample(
    kernel: URL,
    size: number,
    options: SampleOptions,
    context: Pick<WorkContext, 'signal' | 'log'>,
  ): Promise<KernelSample & LoadedKernel>
  /**
   * Unloads these kernels, with bounds checks or without; all of them when absent. Says of each whether what its samples left is right,
   * also of those that were unloaded earlier; once. A kernel of a worker that ended has no more to tell, and is not there.
   */
  release(kernels?: readonly URL[], unchecked?: boolean): Promise<readonly Released[]>
}

export interface Released {
  readonly kernel: string
  readonly size: number
  readonly unchecked: boolean
  /** In a sentence: then its samples are of no speed. */
  readonly wrong: string | undefined
}

/** What of a worker is asked here: WebGPU's, or that of PyTorch. */
export type BenchWorker = Pick<GpuWorker, 'facts' | 'worker' | 'load' | 'sample' | 'unload'>

/** A worker with what is loaded in it. */
interface Stand {
  readonly gpu: BenchWorker
  readonly loaded: Map<string, OnStand>
}

interface OnStand {
  readonly id: number
  readonly kernel: URL
  readonly size: number
  readonly one: LoadedKernel
}

/** `open` starts a worker whenever there is none, or the last has ended. */
export function benchOf(open: (unchecked: boolean) => Promise<BenchWorker>): Bench {
  const stands = new Map<boolean, Stand>()
  let released: readonly Released[] = []
  const alone = oneAtATime()

  async function standFor(unchecked: boolean): Promise<Stand> {
    const there = stands.get(unchecked)
    if (there !== undefined && there.gpu.worker.end() === undefined) return there
    const stand = { gpu: await open(unchecked), loaded: new Map() }
    stands.set(unchecked, stand)
    return stand
  }

  async function unload(which: (one: Pick<Released, 'kernel' | 'unchecked'>) => boolean = () => true): Promise<void> {
    for (const [unchecked, { gpu, loaded }] of stands)
      for (const [key, { id, size, ...one }] of loaded) {
        const kernel = nameOfKernel(one.kernel)
        if (!which({ kernel, unchecked })) continue
        loaded.delete(key)
        if (gpu.worker.end() !== undefined) continue
        released = [...released, { kernel, size, unchecked, wrong: await unloaded(gpu, id) }]
      }
  }

  const held = () => [...stands.values()].flatMap(({ loaded }) => [...loaded.values()])

  async function load(stand: Stand, kernel: URL, size: number, options: SampleOptions): Promise<LoadedAnswer> {
    const { gpu } = stand
    const { search = 1, within } = options
    const footprint = held().reduce((sum, { one }) => sum + one.footprint, 0)
    // There the memory is the machine's, and the kernel ends whoever takes all of it.
    if (gpu.facts.kind === 'software' && footprint > freemem() / 4) await unload()
    try {
      return await gpu.load(kernel, size, search, within)
    } catch (error) {
      if (held().length === 0 || gpu.worker.end() !== undefined || !(error instanceof Problem)) throw error
      // It may be that they do not fit in memory together.
      await unload()
      return gpu.load(kernel, size, search, within)
    }
  }

  async function loadOn(
    stand: Stand,
    key: string,
    kernel: URL,
    size: number,
    options: SampleOptions,
    log: WorkContext['log'],
  ): Promise<OnStand> {
    const { loaded: id, ...one } = await load(stand, kernel, size, options)
    log(loadedText(kernel, size, one))
    const there = { id, kernel, size, one }
    stand.loaded.set(key, there)
    return there
  }

  return {
    sample: (kernel, size, options, { signal, log }) =>
      alone(async () => {
        signal.throwIfAborted()
        const { seconds, unchecked = false, within } = options
        const stand = await standFor(unchecked)
        const { gpu, loaded } = stand
        const stop = () => void gpu.worker.stop()
        signal.addEventListener('abort', stop, { once: true })
        try {
          const key = `${kernel.href} ${size}`
          const there = loaded.get(key) ?? (await loadOn(stand, key, kernel, size, options, log))
          return { ...there.one, ...(await gpu.sample(there.id, seconds, within)) }
        } finally {
          signal.removeEventListener('abort', stop)
        }
      }),
    release: (kernels, unchecked = false) =>
      alone(async () => {
        const names = kernels?.map(nameOfKernel)
        const meant = (one: Pick<Released, 'kernel' | 'unchecked'>) =>
          names === undefined || (names.includes(one.kernel) && one.unchecked === unchecked)
        await unload(meant)
        const told = released.filter(meant)
        released = released.filter((one) => !meant(one))
        return told
      }),
  }
}

/** What is wrong with what its samples left; undefined: nothing. Throws what befell the worker. */
async function unloaded(gpu: BenchWorker, id: number): Promise<string | undefined> {
  try {
    await gpu.unload(id)
    return undefined
  } catch (error) {
    if (!(error instanceof Failure) || gpu.worker.end() !== undefined) throw error
    return error.message
  }
}

function loadedText(kernel: URL, size: number, { tuning, search, compileSeconds }: LoadedKernel): string {
  const chosen = Object.entries(tuning).map(([choice, value]) => `${choice} ${value}`)
  const refused = search.filter(({ refused }) => refused !== undefined)
  const out =
    refused.length === 0 ? '' : `, ${refused.length} refused: ${refused.map(({ refused }) => refused).join('; ')}`
  return `${nameOfKernel(kernel)} at ${size}: ${chosen.join(', ') || 'nothing to tune'} (${search.length} tried${out}), compiled in ${Math.round(compileSeconds * 1000)} ms`
}

function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work, work)
    last = next.catch(messageOf)
    return next
  }
}
