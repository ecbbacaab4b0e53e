import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { mayHunt, mayHuntBatch } from '../../../../tasks/gpu/memory/hunts.ts'
import { judgeMemoryBack } from '../../../../tasks/gpu/memory/memory-back.ts'
import { judgeCycles } from '../../../../tasks/gpu/memory/memory-cycles.ts'
import { canKill, canMeter, memoryAfterWork, memoryOfCycles } from '../../../../tasks/gpu/memory/memory-work.ts'
import { gpu, type PresentGpu, presentGpu } from '../../../../tasks/gpu/service.ts'
import { softwareGpu } from '../../../gpu-software.ts'

setDefaultTimeout(120_000)

const { signal } = new AbortController()
const context = { env: process.env, signal, log() {}, progress() {} }
const service = {
  ...context,
  ...{ plan: 'p', run: 'r', folder: '/nowhere', keep: false, secret() {}, announce() {} },
}

describe.skipIf(softwareGpu === undefined)('memory of a software adapter', () => {
  let there: PresentGpu
  let stop: () => Promise<unknown>
  beforeAll(async () => {
    const running = await gpu('software').start(service)
    there = presentGpu(running.client)
    stop = () => running.stop(1000)
  })
  afterAll(() => stop())

  test('can be seen, in its process, with which it ends', async () => {
    expect(canMeter(there)).toBe(true)
    expect(canKill(there)).toMatch(/takes ends with its process$/)
    const noCard = { ...there, facts: { ...there.facts, kind: 'hardware' } } as const
    expect(canMeter({ ...noCard, telemetry: { kind: 'none', sentence: 'nobody tells' } })).toBe('nobody tells')
  })

  test('is not taken until there is none, whatever CUDA there is beside', () => {
    const refusal = `nobody hunts for the end of memory on ${there.facts.name}: it is the machine's, `
    expect(mayHunt(there)).toStartWith(refusal)
    expect(mayHuntBatch(there, { kind: 'absent', sentence: 'no CUDA' })).toStartWith(refusal)
  })

  test('is back after a kernel was run and memory held, which was seen to be taken', async () => {
    const back = await memoryAfterWork(
      there,
      pathToFileURL(join(import.meta.dir, '../../../fixtures/gpu/right.ts')),
      context,
    )
    expect((back.during ?? 0) - back.before).toBeGreaterThan(200 * 2 ** 20)
    expect(judgeMemoryBack('memory is back', back)).toEqual({ name: 'memory is back', verdict: 'pass' })
  })

  test('does not grow over cycles that destroy what they create', async () => {
    const taken = await memoryOfCycles(there, 1000, context)
    expect(taken).toMatchObject({ cycles: 1000, bytes: 2 ** 20, of: 'the process of the software adapter' })
    expect(judgeCycles('no leak', taken)).toEqual({ name: 'no leak', verdict: 'pass' })
  })

  test('grows where every tenth buffer is forgotten and kept hold of, and that is told', async () => {
    const taken = await memoryOfCycles(there, 1000, context, 10)
    expect(judgeCycles('no leak', taken)).toMatchObject({
      verdict: 'fail',
      reason: expect.stringMatching(/^the memory of the process of the software adapter grows by 1\d\d MiB \(/),
    })
  })
})
