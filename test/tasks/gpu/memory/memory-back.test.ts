import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { baseline, judgeMemoryBack, type MemoryMeter, memoryBack } from '../../../../tasks/gpu/memory/memory-back.ts'
import { judgeCycles, memoryCycles } from '../../../../tasks/gpu/memory/memory-cycles.ts'

const MiB = 2 ** 20

/** Reads what the list says, its last value for ever. */
function meterOf(readings: readonly number[], slack = 2 * MiB): MemoryMeter & { readonly looks: () => number } {
  let looks = 0
  return {
    of: 'the card',
    slack,
    looks: () => looks,
    read: async () => readings[Math.min(looks++, readings.length - 1)] ?? Number.NaN,
  }
}

const noSleep = async () => {}

describe('memory is back at its baseline', () => {
  const verdict = async (meter: MemoryMeter, before: number, during?: number) =>
    judgeMemoryBack('memory is back', await memoryBack(meter, before, during, noSleep))

  test('at once, or once the driver has come to free it', async () => {
    const late = meterOf([900 * MiB, 900 * MiB, 101 * MiB])
    expect(await verdict(late, 100 * MiB, 900 * MiB)).toEqual({ name: 'memory is back', verdict: 'pass' })
    expect(late.looks()).toBe(3)
  })

  test('within two seconds, or it has leaked', async () => {
    const never = meterOf([103 * MiB])
    expect(await verdict(never, 100 * MiB, 900 * MiB)).toMatchObject({
      verdict: 'fail',
      reason: '3 MiB more than before are taken of the memory of the card after 2 s',
    })
    expect(never.looks()).toBe(41)
  })

  test('proves nothing where the work was not seen to take any', async () => {
    expect(await verdict(meterOf([100 * MiB]), 100 * MiB, 101 * MiB)).toMatchObject({ verdict: 'undecided' })
  })

  test('the baseline is the median of a few looks', async () => {
    expect(await baseline(meterOf([5, 900, 5, 5, 0]), noSleep)).toBe(5)
  })
})

describe('cycles of taking memory and giving it back', () => {
  async function verdictOf(readingAt: (cycle: number) => number, cycles = 1000) {
    let done = 0
    const meter = { ...meterOf([]), read: async () => readingAt(done) }
    const taken = await memoryCycles(meter, { cycles, bytes: MiB }, async (count) => {
      done += count
    })
    expect(done).toBe(cycles)
    return judgeCycles('1,000 cycles', taken)
  }

  test('that end where they began do not leak, however pools fill first and readings sway', () =>
    fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.integer({ min: 0, max: 8 * MiB })), async (sway) => {
        const finding = await verdictOf((cycle) => 100 * MiB + Math.min(cycle, 150) * MiB + (sway.next().value ?? 0))
        expect(finding.verdict).toBe('pass')
      }),
      { numRuns: 40, seed: 7 },
    ))

  test('that keep every tenth buffer leak, though readings sway', async () => {
    const sway = [3, 1, 4, 1, 5, 9, 2, 6]
    const finding = await verdictOf((cycle) => (Math.floor(cycle / 10) + (sway[(cycle / 25) % 8] ?? 0)) * MiB)
    expect(finding).toMatchObject({ verdict: 'fail' })
    expect('reason' in finding && finding.reason).toMatch(/^the memory of the card grows by (9\d|10\d)(\.\d)? MiB \(/)
  })

  test('that are too few tell nothing', async () => {
    expect(await verdictOf(() => 0, 100)).toMatchObject({ verdict: 'fail', reason: expect.stringContaining('too few') })
  })
})
