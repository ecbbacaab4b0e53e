import * as v from 'valibot'
import { type Finding, holds, undecided } from '../../../lib/index.ts'
import { quantile } from '../../../lib/stats/quantile.ts'

/** Where it can be seen from outside what work takes of a GPU's memory. */
export interface MemoryMeter {
  /** Whose memory it is, for sentences: `the card`. */
  readonly of: string
  /** Bytes by which two readings may differ though nothing has leaked. */
  readonly slack: number
  /** Bytes that are taken now. */
  read(): Promise<number>
}

/** Of a card: what drivers keep of their own accord goes up and down by less. */
export const cardSlack = 2 * 2 ** 20

export const MemoryBack = v.object({
  of: v.string(),
  slack: v.number(),
  before: v.number(),
  /** While the work held what it took; absent where nobody looked then. */
  during: v.optional(v.number()),
  after: v.number(),
  /** Seconds after the work until it was back, or until nobody waited any longer. */
  waited: v.number(),
})
export type MemoryBack = v.InferOutput<typeof MemoryBack>

/** Milliseconds in which what was freed must be back: a driver frees when it comes to it. */
const patience = 2000
const pollEvery = 50
const readings = 5

/** What is taken before any work: the median of a few looks. */
export async function baseline({ read }: MemoryMeter, sleep: typeof Bun.sleep = Bun.sleep): Promise<number> {
  const seen: number[] = []
  for (let look = 0; look < readings; look++) {
    if (look > 0) await sleep(pollEvery)
    seen.push(await read())
  }
  return quantile(seen, 0.5)
}

/** Looks until memory is back at `before`, and for no longer than two seconds. */
export async function memoryBack(
  meter: MemoryMeter,
  before: number,
  during?: number,
  sleep: typeof Bun.sleep = Bun.sleep,
): Promise<MemoryBack> {
  let waited = 0
  let after = await meter.read()
  while (after - before > meter.slack && waited < patience) {
    await sleep(pollEvery)
    waited += pollEvery
    after = await meter.read()
  }
  const { of, slack } = meter
  return { of, slack, before, ...(during !== undefined && { during }), after, waited: waited / 1000 }
}

export function judgeMemoryBack(name: string, { of, slack, before, during, after, waited }: MemoryBack): Finding {
  // Of work that took nothing that could be seen, its return proves nothing.
  if (during !== undefined && during - before <= 2 * slack)
    return undecided(name, `the memory of ${of} did not show what the work took: ${mebibytes(during - before)} more`)
  const left = `${mebibytes(after - before)} more than before are taken of the memory of ${of} after ${waited} s`
  return holds(name, after - before <= slack, left)
}

export function mebibytes(bytes: number): string {
  return `${Number((bytes / 2 ** 20).toPrecision(3))} MiB`
}
