import fc from 'fast-check'

/** How many graphs each property is tried on; `bun run test:long` tries more. */
const numRuns = Number(process.env.ASSAY_RUNS ?? (process.env.ASSAY_LONG === undefined ? 120 : 1000))

/** Of this process: see test/seed.ts. */
const seed = Number(process.env.ASSAY_SEED)

/** `ASSAY_SHRINK=no` for those who only want to know whether it holds. */
const endOnFailure = process.env.ASSAY_SHRINK === 'no'

/** Holds a property against random graphs, and says which, so that a green run can be repeated too. */
export async function check<T>(
  name: string,
  values: fc.Arbitrary<T>,
  holds: (value: T) => Promise<void>,
): Promise<void> {
  console.log(`${name}: ${numRuns} random graphs, ASSAY_SEED=${seed}`)
  await fc.assert(fc.asyncProperty(values, holds), { numRuns, seed, endOnFailure })
}
