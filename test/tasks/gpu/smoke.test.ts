import { describe, expect, test } from 'bun:test'
import { Failure, Problem } from '../../../lib/index.ts'
import { judgeClocks } from '../../../tasks/gpu/judge-clocks.ts'
import { judgeReleased } from '../../../tasks/gpu/judge-released.ts'
import type { DeviceFacts, KernelSample, LoadedKernel } from '../../../tasks/gpu/kernel.ts'
import type { GpuClient, PresentGpu } from '../../../tasks/gpu/service.ts'
import { type CardSeen, computeEach, judgeCard, judgeComputed, seeCard } from '../../../tasks/gpu/smoke.ts'
import { card as facts } from '../../benchmarks/gpu/a-card.ts'

const sampled: KernelSample & LoadedKernel = {
  ...{ operations: 1, deviceSeconds: 1e-3, wallSeconds: 1e-3, tuning: {}, search: [], compileSeconds: 0 },
  ...{ bytes: 8, flop: 0, count: 1, footprint: 8 },
}

/** A card on which kernels come to what `befall` says of their name; `wrong` is what their samples left. */
function cardOf(
  befall: (kernel: string) => Error | undefined,
  { wrong = {}, ...more }: Partial<PresentGpu> & { readonly wrong?: Readonly<Record<string, string>> } = {},
): GpuClient {
  const name = (kernel: URL) => kernel.pathname.split('/').at(-1)?.replace('.ts', '') ?? ''
  return {
    ...{ kind: 'present', facts, toggles: [], adapters: [], memory: 143.7e9, pids: () => [] },
    telemetry: { kind: 'none', sentence: 'not here' },
    open: () => Promise.reject(new Error('not here')),
    async sample(kernel) {
      const error = befall(name(kernel))
      if (error !== undefined) throw error
      return sampled
    },
    release: async (kernels = []) =>
      kernels.map((kernel) => ({ kernel: name(kernel), size: 8, unchecked: false, wrong: wrong[name(kernel)] })),
    ...more,
  }
}

/** Work that is told to stop by `signal`, and what it told of how far it is. */
function work(signal = new AbortController().signal) {
  const told: string[] = []
  return { told, context: { signal, log() {}, progress: (text: string) => void told.push(text) } }
}

const small = (name: string, ...needs: readonly string[]) => ({ kernel: new URL(`file:///${name}.ts`), size: 8, needs })
const verdicts = (findings: ReturnType<typeof judgeComputed>) =>
  findings.map((finding) => [finding.name, finding.verdict, 'reason' in finding ? finding.reason : ''])

describe('the smoke test of a GPU', () => {
  test('has each kernel its own verdict, whatever befalls the others', async () => {
    const errors: Readonly<Record<string, Error>> = {
      miscounts: new Failure('it is 1 where 2 is right'),
      'does-not-compile': new Problem('line 5: no such thing'),
    }
    const card = cardOf((kernel) => errors[kernel], { wrong: { wears: 'it was right at first' } })
    const kernels = [
      ...['right', 'miscounts', 'does-not-compile', 'wears'].map((name) => small(name)),
      small('f16', 'shader-f16'),
    ]
    const { context, told } = work()
    const computed = await computeEach(card, kernels, context)
    expect(verdicts(judgeComputed(computed))).toEqual([
      ['right computes right', 'pass', ''],
      ['miscounts computes right', 'fail', 'it is 1 where 2 is right'],
      ['does-not-compile computes right', 'fail', 'line 5: no such thing'],
      ['wears computes right', 'fail', 'it was right at first'],
    ])
    expect(told.at(-1)).toBe('4 kernels; not on this adapter: f16')
  })

  test('stops where the run is told to, and where it is itself wrong', async () => {
    const { context } = work(AbortSignal.abort(new Error('stopped')))
    const card = cardOf(() => new Problem('the worker was told to stop'))
    expect(await computeEach(card, [small('right')], context).catch(String)).toBe('Error: stopped')
    const broken = cardOf(() => new TypeError('a mistake of ours'))
    expect(await computeEach(broken, [small('right')], work().context).catch(String)).toContain('TypeError')
  })

  test('tells what the card is', () => {
    const { context, told } = work()
    const h200: DeviceFacts = { ...facts, name: 'NVIDIA H200', driver: '580.65.06' }
    expect(
      seeCard(
        cardOf(() => undefined, { facts: h200 }),
        context,
      ),
    ).toMatchObject({ name: 'NVIDIA H200', memory: 143.7 })
    expect(told).toEqual(['NVIDIA H200, 143.7 GB, 580.65.06, vulkan'])
  })

  test('judges driver, memory and switches by what is expected, or published', () => {
    const seen: CardSeen = {
      ...{ name: 'NVIDIA H200', kind: 'hardware', driver: '580.65.06', backend: 'vulkan', features: [], memory: 100 },
      toggles: [
        { name: 'timestamp_quantization', seen: 'no', how: 'timestamps are multiples of 65536 ns' },
        { name: 'disable_workgroup_init', seen: 'untold', how: 'memory may be zero' },
      ],
    }
    expect(verdicts(judgeCard(seen, { driver: '590', memory: 0 }))).toEqual([
      ['the driver is 590', 'fail', "found '580.65.06'"],
      ['it has 127 GB of memory or more', 'fail', 'found 100.0 GB'],
      ["Dawn's timestamp_quantization has its effect", 'fail', 'timestamps are multiples of 65536 ns'],
    ])
    const { memory: _, ...untold } = { ...seen, name: 'a card that nobody knows', toggles: [] }
    expect(verdicts(judgeCard(untold, { driver: '580', memory: 24 }))).toEqual([
      ['the driver is 580', 'pass', ''],
      ['it has 24 GB of memory or more', 'undecided', 'nobody tells how much it has: it is not watched'],
    ])
  })
})

test('kernels of an earlier sitting are undecided at the end', async () => {
  const card = cardOf(() => undefined, { release: async () => [] })
  expect(verdicts(await judgeReleased(card, [new URL('file:///triad.ts')]))).toEqual([
    [
      'triad still computed right after its samples',
      'undecided',
      'it was measured before the run was resumed, or its worker has ended since',
    ],
  ])
})

test('clocks that tell another time are flagged, as is a device without one', () => {
  const card = cardOf(() => undefined, { facts: { ...facts, features: ['timestamp-query'] } })
  const rates = (wall: number) => ({ device: [100, 101, 102], wall: [100, 101, 102].map((rate) => rate * wall) })
  expect(judgeClocks('triad', rates(0.99), card).verdict).toBe('pass')
  expect(judgeClocks('triad', rates(0.9), card)).toMatchObject({
    verdict: 'undecided',
    reason: 'by the wall clock the median sample takes 11 % longer',
  })
  expect(judgeClocks('triad', rates(1.1), card)).toMatchObject({ reason: expect.stringContaining('less time') })
  expect(
    judgeClocks(
      'triad',
      rates(1),
      cardOf(() => undefined),
    ),
  ).toMatchObject({ reason: 'the device has no timestamps' })
})
