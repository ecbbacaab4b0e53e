import type { KernelSample } from '../kernel.ts'

/** One run of a kernel: what it took, and whether it was over before it was waited for, so that its wall clock also timed the sleep. */
export interface Ran extends KernelSample {
  readonly overslept: boolean
}

/** Does operations on end; `expected` is about how many seconds they will take together, 0 where that is not known. */
export type Runner = (operations: number, expected: number) => Promise<Ran>

export interface Sampler {
  /**
   * As many operations on end as take about so long. What was too short to say much is taken again, for three times as long at most; what was
   * over while it was slept for is too, and then not slept for.
   */
  sample(seconds: number): Promise<KernelSample>
}

/** A few operations say little of how long many take, so a run has at most so many times those of the one before it. */
const growth = 16

/** `limit` is how many operations a sample may have. */
export async function samplerOf(run: Runner, limit: number): Promise<Sampler> {
  // The first use of a buffer clears it, and the first of a pipeline may finish compiling it.
  await run(1, 0)
  let [each, last] = [secondsOf(await run(1, 0)), 1]
  return {
    async sample(seconds) {
      let expected = true
      for (let spent = 0; ; ) {
        const operations = Math.min(limit, growth * last, Math.max(1, Math.round(seconds / each)))
        const ran = await run(operations, expected ? operations * each : 0)
        each = secondsOf(ran)
        last = operations
        spent += operations * ran.wallSeconds
        expected = !ran.overslept
        const short = operations < limit && operations * each < seconds / 2
        if (ran.overslept || (short && spent < 3 * seconds)) continue
        return { operations, deviceSeconds: ran.deviceSeconds, wallSeconds: ran.wallSeconds }
      }
    },
  }
}

/** Not nothing, or as many operations as a clock's coarseness allows would be asked for. */
const secondsOf = ({ deviceSeconds, wallSeconds }: KernelSample) => Math.max(deviceSeconds ?? wallSeconds, 1e-9)
