import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import * as v from 'valibot'
import { cuda } from '../../../tasks/gpu/cuda.ts'
import { cudaHere } from '../../../tasks/gpu/cuda-here.ts'
import { type CudaWorker, startCudaWorker } from '../../../tasks/gpu/cuda-worker.ts'
import { testPython } from '../../python-environments.ts'

setDefaultTimeout(120_000)

const found = await testPython('train')
const python = 'path' in found ? found.path : ''
if ('unavailable' in found) console.warn(`PyTorch beside WebGPU is not tested: ${found.unavailable}`)

const context = { signal: new AbortController().signal }
// On a machine with a card, too, these are of the CPU alone.
const env = { ...process.env, CUDA_VISIBLE_DEVICES: '' }
const options = { python, device: 'cpu', env, signal: context.signal, log: () => {} } as const

async function opened(program?: string): Promise<CudaWorker> {
  const started = await startCudaWorker({ ...options, program })
  if (typeof started === 'string') throw new Error(started)
  return started
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
      ...context,
      ...{ plan: 'p', run: 'r', folder: '/nowhere', keep: false, env },
      ...{ log() {}, progress() {}, secret() {}, announce: (said: string) => expect(said).toBe('') },
    })
    expect(running.client).toMatchObject({ kind: 'absent', sentence: expect.stringMatching(/^no CUDA device: /) })
  })
})

describe.skipIf(python === '')('the worker of PyTorch', () => {
  let worker: CudaWorker
  beforeAll(async () => {
    worker = await opened()
  })
  afterAll(() => worker.worker.stop())

  test('says what it computes on, and that it is the CPU', () => {
    expect(worker.facts).toMatchObject({ kind: 'software', backend: 'torch-cpu' })
  })

  // Bytes and FLOP by the formulas of BabelStream and of a product of square matrices, for a size of 4,096, or an edge of 64.
  const [n, edge] = [4096, 64]
  test.each<[string, number, { bytes: number; flop: number; count?: number }]>([
    ['copy', n, { bytes: 2 * 4 * n, flop: 0 }],
    ['mul', n, { bytes: 2 * 4 * n, flop: n }],
    ['add', n, { bytes: 3 * 4 * n, flop: n }],
    ['triad', n, { bytes: 3 * 4 * n, flop: 2 * n }],
    ['dot', n, { bytes: 2 * 4 * n, flop: 2 * n }],
    ['reduction', n, { bytes: 4 * n, flop: n }],
    ['scan', n, { bytes: 2 * 4 * n, flop: n }],
    ['gemm-f32', edge, { bytes: 3 * 4 * edge ** 2, flop: 2 * edge ** 3 }],
    ['gemm-f16', edge, { bytes: 3 * 2 * edge ** 2, flop: 2 * edge ** 3 }],
    ['upload', n, { bytes: n, flop: 0 }],
    ['download', n, { bytes: n, flop: 0 }],
    ['device-copy', n, { bytes: 2 * n, flop: 0 }],
    ['launch', 1, { bytes: 0, flop: 0, count: 1 }],
    ['launches', 50, { bytes: 0, flop: 0, count: 50 }],
  ])('does %s of %i right, and says what it moves and how long it takes', async (operation, size, moves) => {
    const sample = await worker.sample(operation, size, 0.02, context)
    expect(sample).toMatchObject({ count: 1, ...moves, tuning: { graph: 0 }, deviceSeconds: undefined })
    expect(sample.wallSeconds).toBeGreaterThan(0)
    expect(sample.search).toHaveLength(1)
    expect(sample.footprint).toBeGreaterThan(0)
    // As many on end as the time asked for, as far as a busy machine lets one say.
    expect(sample.operations).toBeGreaterThanOrEqual(1)
    expect(sample.operations * (sample.search[0]?.seconds ?? 0)).toBeCloseTo(0.02, 1)
  })

  test.each<[string, string, number, string]>([
    ['an operation that it does not know', 'sort', 8, "'kernel' must be one of copy, mul, "],
    ['a size that is none', 'copy', 0, "'size' must be a whole number from 1 to 1099511627776: current value is 0"],
    [
      'more than there is memory for',
      'copy',
      2 ** 39,
      "'size' must be one for whose arrays there is memory with copy: ",
    ],
  ])('refuses %s in one sentence, and goes on', async (_, operation, size, sentence) => {
    await expect(worker.sample(operation, size, 0.01, context)).rejects.toThrow(
      `Cannot measure by PyTorch as ${sentence}`,
    )
    expect((await worker.sample('copy', 64, 0.001, context)).operations).toBeGreaterThan(0)
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
      expect(await startCudaWorker({ ...options, python: bare })).toMatch(
        /^Cannot measure by PyTorch as 'torch' must be installed: current value is No module named 'torch'/,
      )
  })

  test('finds memory for the next operation by letting go of those before', async () => {
    const own = await opened(join(import.meta.dir, 'little_memory.py'))
    try {
      const half = 24e6
      for (const operation of ['copy', 'mul', 'copy'])
        expect((await own.sample(operation, half, 1e-6, context)).operations).toBe(1)
      await expect(own.sample('triad', 4 * half, 0.001, context)).rejects.toThrow('there is memory with triad')
    } finally {
      await own.worker.stop()
    }
  })

  test('whether a batch fits is found by training with it: three steps, and an optimiser', async () => {
    const Tried = v.object({ fits: v.string(), why: v.optional(v.string()) })
    const ask = (images: number) =>
      worker.worker.ask({ ask: 'batch', images, resolution: 32, limit: 400_000_000 }, Tried, 60_000)
    expect(await ask(8)).toEqual({ kind: 'answered', value: { fits: 'yes' } })
    expect(await ask(20_000)).toMatchObject({
      kind: 'answered',
      value: { fits: 'no', why: expect.stringContaining("can't allocate memory") },
    })
  })

  // The last: it is gone then.
  test('ends at once when it is told to stop, in the midst of a long sample', async () => {
    const stop = new AbortController()
    const sampling = worker.sample('triad', 1 << 16, 60, { signal: stop.signal })
    setTimeout(() => stop.abort(new Error('told to stop')), 300)
    await expect(sampling).rejects.toThrow('told to stop')
    expect(worker.worker.end()).toMatchObject({ kind: 'stopped' })
  })
})

describe.skipIf(python === '')('a wrong result is found out before it is timed', () => {
  let worker: CudaWorker
  beforeAll(async () => {
    worker = await opened(join(import.meta.dir, 'wrong_result.py'))
  })
  afterAll(() => worker.worker.stop())

  const all = ['copy', 'mul', 'add', 'triad', 'dot', 'reduction', 'scan', 'gemm-f32', 'gemm-f16', 'upload', 'download']
  const words = {
    'that does nothing': [...all, 'device-copy', 'launch', 'launches'],
    'with a NaN': ['copy', 'mul', 'add', 'triad', 'scan', 'gemm-f32', 'gemm-f16'],
    'with a wrong bit': ['copy', 'mul', 'add', 'triad'],
    'that is off by one': ['dot', 'reduction', 'scan', 'upload', 'download', 'device-copy', 'launch', 'launches'],
    'with its rows as columns': ['gemm-f32', 'gemm-f16'],
  }
  test.each(Object.entries(words).flatMap(([how, names]) => names.map((name) => `${name} ${how}`)))(
    '%s',
    async (name) => {
      const sampling = worker.sample(name, name.startsWith('gemm') ? 65 : 1000, 0.001, context)
      await expect(sampling).rejects.toMatchObject({
        name: 'Failure',
        message: expect.stringContaining(`The result of ${name} on cpu is wrong: `),
      })
    },
  )
})
