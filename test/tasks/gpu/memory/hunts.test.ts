import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { PresentCuda } from '../../../../tasks/gpu/cuda/cuda.ts'
import type { DeviceFacts } from '../../../../tasks/gpu/kernel.ts'
import {
  batchTrial,
  freshTrial,
  largestBatch,
  mayHunt,
  mayHuntBatch,
  trialOf,
} from '../../../../tasks/gpu/memory/hunts.ts'
import type { GpuClient } from '../../../../tasks/gpu/service.ts'
import { Allocated } from '../../../../tasks/gpu/worker/answers.ts'
import { type GpuWorker, openWorker } from '../../../../tasks/gpu/worker/open-worker.ts'
import type { WorkerEnd } from '../../../../tasks/gpu/worker/outcome.ts'
import { softwareGpu } from '../../../gpu-software.ts'

setDefaultTimeout(60_000)

const fits = { kind: 'fits' } as const
const judge = () => fits

describe('a try of a size', () => {
  test('does not fit where the kernel killed it for want of memory, or may have', () => {
    const killed = { kind: 'killed', sentence: 'It was killed.' } as const
    expect(trialOf({ ...killed, memory: true }, judge)).toEqual({ kind: 'does not fit', why: 'It was killed.' })
    expect(trialOf({ ...killed, memory: undefined }, judge)).toEqual({ kind: 'does not fit', why: 'It was killed.' })
    expect(trialOf({ ...killed, memory: false }, judge)).toEqual({ kind: 'broken', sentence: 'It was killed.' })
  })

  test.each<WorkerEnd>([
    { kind: 'crashed', by: 'SIGSEGV', sentence: 'It crashed.' },
    { kind: 'lost', reason: 'gone', sentence: 'It lost its device.' },
    { kind: 'endless', seconds: 1, sentence: 'It had not ended.' },
    { kind: 'not-started', sentence: 'There is no such program.' },
  ])('is broken by whatever else befalls it: $kind', (end) => {
    expect(trialOf(end, judge)).toEqual({ kind: 'broken', sentence: end.sentence })
  })

  test('of a batch that fits badly does not fit, and says why', () => {
    expect(batchTrial({ fits: 'yes' })).toEqual(fits)
    expect(batchTrial({ fits: 'badly', why: '2 allocations' })).toEqual({ kind: 'does not fit', why: '2 allocations' })
  })

  test.skipIf(softwareGpu === undefined)('has a process of its own, which is gone after it', async () => {
    const pids: (number | undefined)[] = []
    const open = async (): Promise<GpuWorker> => {
      const signal = new AbortController().signal
      const found = await openWorker({ adapter: 'software', unchecked: false }, { env: process.env, signal, log() {} })
      if (found.kind === 'none') throw new Error('no adapter')
      pids.push(found.gpu.worker.pid)
      return found.gpu
    }
    const trial = (bytes: number) =>
      freshTrial<GpuWorker, Allocated>(
        open,
        ({ worker }) => worker.ask({ ask: 'allocate', bytes }, Allocated, 30_000),
        ({ fits, why = '' }) => (fits ? { kind: 'fits' } : { kind: 'does not fit', why }),
      )
    expect(await trial(2 ** 20)).toEqual(fits)
    expect(await trial(2 ** 50)).toMatchObject({ kind: 'broken', sentence: expect.stringContaining('at most half of') })
    expect(new Set(pids).size).toBe(2)
    for (const pid of pids) expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH')
    const nowhere = () => Promise.reject(new Error('no room to start'))
    expect(await freshTrial(nowhere, () => Promise.reject(), judge)).toEqual({
      kind: 'broken',
      sentence: 'no room to start',
    })
  })
})

test('a hunt that is told to stop ends with that, and not with what befell its worker', async () => {
  const stop = new AbortController()
  const context = { signal: stop.signal, log() {}, progress() {} }
  const cuda: PresentCuda = {
    kind: 'present',
    facts: software,
    python: '',
    pids: () => [],
    sample: () => Promise.reject(),
    release: async () => [],
    async open() {
      stop.abort(new Error('told to stop'))
      throw new Error('it is gone')
    },
  }
  await expect(largestBatch(cuda, context)).rejects.toThrow('told to stop')
})

const software: DeviceFacts = {
  ...{ name: 'CPU', kind: 'software', vendor: '', architecture: '', driver: '', backend: 'torch-cpu' },
  ...{ features: [], limits: {}, subgroups: { least: 0, most: 0 }, matrices: [] },
}

test('nobody hunts without a card', () => {
  const absent: GpuClient = { kind: 'absent', sentence: 'no adapter' }
  expect(mayHunt(absent)).toBe('no adapter')
  expect(mayHuntBatch(absent, { kind: 'absent', sentence: 'no CUDA' })).toBe('no CUDA')
})
