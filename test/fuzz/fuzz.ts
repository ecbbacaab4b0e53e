import { expect } from 'bun:test'
import fc from 'fast-check'
import { Problem } from '../../lib/plan/problem.ts'

export type Verdict = 'accepted' | 'refused'

/** How many inputs each reader gets; `bun run test:long` tries all of them. */
const long = process.env.ASSAY_LONG !== undefined

/** Of this process: see test/seed.ts. */
const seed = Number(process.env.ASSAY_SEED)

/** Longer than this for one small input is a hang. */
const deadlineMs = 10_000

/** At least this share of the inputs must be accepted, and as many refused, or too little was tried. */
const leastShare = 0.2

/**
 * Gives `judge` random inputs: 10,000 in the long tests, else `few`. `judge` says what the reader did, and throws when that
 * was wrong. Says how many were accepted and refused, and the seed.
 */
export async function fuzz<T>(
  name: string,
  few: number,
  inputs: fc.Arbitrary<T>,
  judge: (input: T) => Verdict | Promise<Verdict>,
): Promise<void> {
  const numRuns = long ? 10_000 : few
  const counts = { accepted: 0, refused: 0 }
  const property = fc.asyncProperty(inputs, async (input) => {
    const began = performance.now()
    counts[await judge(input)]++
    expect(performance.now() - began).toBeLessThan(deadlineMs)
  })
  await fc.assert(property, { numRuns, seed })
  const share = (count: number) => `${((count / numRuns) * 100).toFixed(1)} %`
  const { accepted, refused } = counts
  console.log(`${name}: ${numRuns} inputs, ${share(accepted)} accepted, ${share(refused)} refused, ASSAY_SEED=${seed}`)
  expect(Math.min(accepted, refused) / numRuns).toBeGreaterThan(leastShare)
}

/** What a reader did with its input: anything but a Problem's sentence is thrown on. */
export function tried<T>(
  read: () => T,
): { readonly verdict: 'accepted'; readonly value: T } | { readonly verdict: 'refused'; readonly sentence: string } {
  try {
    return { verdict: 'accepted', value: read() }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    expect(error.message).toMatch(/^Cannot [\s\S]+ as '[\s\S]+' must be [\s\S]+: current value is [\s\S]+/)
    expect(error.message).not.toMatch(/\n\s+at /)
    expect(error.message.length).toBeLessThan(2000)
    return { verdict: 'refused', sentence: error.message }
  }
}
