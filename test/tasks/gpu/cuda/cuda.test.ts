import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import * as v from 'valibot'
import { cuda } from '../../../../tasks/gpu/cuda/cuda.ts'
import { cudaHere } from '../../../../tasks/gpu/cuda/cuda-here.ts'
import { type CudaWorker, openCuda } from '../../../../tasks/gpu/cuda/cuda-worker.ts'
import type { KernelSample, LoadedKernel } from '../../../../tasks/gpu/kernel.ts'
import { type Bench, benchOf } from '../../../../tasks/gpu/worker/bench.ts'
import { testPython } from '../../../python-environments.ts'

setDefaultTimeout(120_000)

const found = await testPython('train')
const python = 'path' in found ? found.path : ''
if ('unavailable' in found) console.warn(`PyTorch beside WebGPU is not tested: ${found.unavailable}`)

const signal = new AbortController().signal
// On a machine with a card, too, these are of the CPU alone.
const env = { ...process.env, CUDA_VISIBLE_DEVICES: '' }
const options = { python, device: 'cpu', env, signal, log: () => {} } as const

interface Opened extends CudaWorker {
  take(operation: string, size: number, seconds: number, stop?: AbortSignal): Promise<KernelSample & LoadedKernel>
  release: Bench['release']
}

async function opened(program?: string): Promise<Opened> {
  const worker = await openCuda({ ...options, program })
  if (typeof worker === 'string') throw new Error(worker)
  const bench = benchOf(async () => worker)
  return {
    ...worker,
    release: bench.release,
    take: (operation, size, seconds, stop = signal) =>
      bench.sample(
        new URL(`file:///${encodeURIComponent(operation)}.ts`),
        size,
        { seconds },
        { signal: stop, log() {} },
      ),
  }
}

describe('whether there is a CUDA device', () => {
  const machineOf = (cards: number) => (env: Readonly<Record<string, string | undefined>>) => ({
    cores: 2,
    gpus: env.CUDA_VISIBLE_DEVICES === '' ? 0 : cards,
  })

  test('is told by the driver, and where there is none by why', () => {
    expect(cudaHere({}, machineOf(2))).toEqual({ kind: 'here', devices: 2 })
    expect(cudaHere({}, machineOf(0))).toEqual({
      kind: 'none',
      why: 'no CUDA device: there is no NVIDIA driver with a card here',
    })
    expect(cudaHere({ CUDA_VISIBLE_DEVICES: '' }, machineOf(2))).toEqual({
      kind: 'none',
      why: "no CUDA device: CUDA_VISIBLE_DEVICES is '' and hides what there is",
    })
  })

  test('decides whether a Python environment is looked for at all', async () => {
    // One that is no Python would be told of, were it asked.
    const env = { ...process.env, CUDA_VISIBLE_DEVICES: '', ASSAY_PYTHON: '/nowhere/python' }
    const service = cuda()
    await service.precondition?.(env)
    const running = await service.start({
      signal,
      ...{ plan: 'p', run: 'r', folder: '/nowhere', keep: false, env },
      ...{ log() {}, progress() {}, secret() {}, announce: (said: string) => expect(said).toBe('') },
    })
    expect(running.absent).toBe(true)
    expect(running.client).toMatchObject({ kind: 'absent', sentence: expect.stringMatching(/^no CUDA device: /) })
  })
})

describe.skipIf(python === '')('the worker of PyTorch', () => {
  let worker: Opened
  beforeAll(async () => {
    worker = await opened()
  })
  afterAll(() => worker.worker.stop())

  test('says what it computes on, and that it is the CPU', () => {
    expect(worker.facts).toMatchObject({ kind: 'software', backend: 'torch-cpu' })
  })

  // Bytes and FLOP by the formulas of BabelStream and of a product of square matrices, for 4,096 elements, or an edge of 64.
  const [n, edge] = [4096, 64]
  test.each<[string, number, { bytes?: number; flop?: number; count?: number }]>([
    ['stream-copy', n, { bytes: 2 * 4 * n }],
    ['stream-mul', n, { bytes: 2 * 4 * n }],
    ['stream-add', n, { bytes: 3 * 4 * n }],
    ['stream-triad', n, { bytes: 3 * 4 * n }],
    ['stream-dot', n, { bytes: 2 * 4 * n }],
    ['reduce', n, { bytes: 4 * n }],
    ['scan', n, { bytes: 2 * 4 * n }],
    ['gemm-f32', edge, { bytes: 3 * 4 * edge ** 2, flop: 2 * edge ** 3 }],
    ['gemm-f16', edge, { bytes: 3 * 2 * edge ** 2, flop: 2 * edge ** 3 }],
    ['upload', n, { bytes: 4 * n }],
    ['download', n, { bytes: 4 * n }],
    ['buffer-copy', n, { bytes: 2 * 4 * n }],
    ['latency-submit', 1, {}],
    ['latency-dispatch', 50, { count: 50 }],
    ['latency-round-trip', 1, {}],
  ])('does %s of %i right, and says what it moves and how long it takes', async (operation, size, moves) => {
    const sample = await worker.take(operation, size, 0.02)
    expect(sample).toMatchObject({
      bytes: 0,
      flop: 0,
      count: 1,
      ...moves,
      tuning: { graph: 0 },
      deviceSeconds: undefined,
    })
    expect(sample.wallSeconds).toBeGreaterThan(0)
    expect(sample.search).toHaveLength(1)
    expect(sample.footprint).toBeGreaterThan(0)
    // As many on end as the time asked for, as far as a busy machine lets one say.
    expect(sample.operations).toBeGreaterThanOrEqual(1)
    expect(sample.operations * (sample.search[0]?.seconds ?? 0)).toBeCloseTo(0.02, 1)
  })

  test.each<[string, string, number, string]>([
    ['an operation that it does not know', 'sort', 8, "'kernel' must be one of stream-copy, stream-mul, "],
    [
      'a size that is none',
      'stream-copy',
      0,
      "'size' must be a whole number from 1 to 1099511627776: current value is 0",
    ],
    [
      'more than there is memory for',
      'stream-copy',
      2 ** 39,
      "'size' must be one for whose arrays there is memory with stream-copy: ",
    ],
  ])('refuses %s in one sentence, and goes on', async (_, operation, size, sentence) => {
    await expect(worker.take(operation, size, 0.01)).rejects.toThrow(`Cannot measure by PyTorch as ${sentence}`)
    expect((await worker.take('stream-copy', 64, 0.001)).operations).toBeGreaterThan(0)
  })

  test('says so where there is no CUDA device, or no torch', async () => {
    expect(await worker.worker.ask({ ask: 'open', device: 'cuda' }, v.unknown(), 60_000)).toMatchObject({
      kind: 'refused',
      sentence: expect.stringMatching(
        /^Cannot measure by PyTorch as 'device' must be a CUDA device that torch finds: current value is none \(/,
      ),
    })
    const bare = Bun.which('python3')
    if (bare !== null && Bun.spawnSync([bare, '-c', 'import torch']).exitCode !== 0)
      expect(await openCuda({ ...options, python: bare })).toMatch(
        /^Cannot measure by PyTorch as 'torch' must be installed: current value is No module named 'torch'/,
      )
  })

  test('finds memory for the next operation by letting go of those before', async () => {
    const own = await opened(join(import.meta.dir, 'little_memory.py'))
    try {
      const half = 24e6
      for (const operation of ['stream-copy', 'stream-mul', 'stream-copy'])
        expect((await own.take(operation, half, 1e-6)).operations).toBe(1)
      await expect(own.take('stream-triad', 4 * half, 0.001)).rejects.toThrow('there is memory with stream-triad')
    } finally {
      await own.worker.stop()
    }
  })

  test('whether a batch fits is found by training with it: three steps, and an optimiser', async () => {
    const ask = (images: number) => worker.tryBatch(images, 32, 400_000_000)
    expect(await ask(8)).toEqual({ kind: 'answered', value: { fits: 'yes' } })
    expect(await ask(20_000)).toMatchObject({
      kind: 'answered',
      value: { fits: 'no', why: expect.stringContaining("can't allocate memory") },
    })
  })

  // The last: it is gone then.
  test('ends at once when it is told to stop, in the midst of a long sample', async () => {
    const stop = new AbortController()
    const sampling = worker.take('stream-triad', 1 << 16, 60, stop.signal)
    setTimeout(() => stop.abort(new Error('told to stop')), 300)
    await expect(sampling).rejects.toThrow('told to stop')
    expect(worker.worker.end()).toMatchObject({ kind: 'stopped' })
  })
})

describe.skipIf(python === '')('a wrong result is found out before it is timed', () => {
  let worker: Opened
  beforeAll(async () => {
    worker = await opened(join(import.meta.dir, 'wrong_result.py'))
  })
  afterAll(() => worker.worker.stop())

  const stream = ['stream-copy', 'stream-mul', 'stream-add', 'stream-triad']
  const moves = ['upload', 'download', 'buffer-copy']
  const counts = ['latency-submit', 'latency-dispatch', 'latency-round-trip']
  const gemm = ['gemm-f32', 'gemm-f16']
  const words = {
    'that does nothing': [...stream, 'stream-dot', 'reduce', 'scan', ...gemm, ...moves, ...counts],
    'with a NaN': [...stream, 'scan', ...gemm, ...moves],
    'with a wrong bit': [...stream, ...moves],
    'that is off by one': ['stream-dot', 'reduce', 'scan', ...counts],
    'with its rows as columns': gemm,
  }
  test('also where it only goes wrong in its samples: those are worth nothing then', async () => {
    await worker.take('scan that goes wrong later', 1000, 0.001)
    expect(await worker.release()).toMatchObject([
      {
        kernel: expect.any(String),
        wrong: expect.stringMatching(/^The result of scan that goes wrong later on cpu is wrong: /),
      },
    ])
  })

  test.each(Object.entries(words).flatMap(([how, names]) => names.map((name) => `${name} ${how}`)))(
    '%s',
    async (name) => {
      const sampling = worker.take(name, name.startsWith('gemm') ? 65 : 1000, 0.001)
      await expect(sampling).rejects.toMatchObject({
        name: 'Failure',
        message: expect.stringContaining(`The result of ${name} on cpu is wrong: `),
      })
    },
  )
})
