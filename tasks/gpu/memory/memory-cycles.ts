import * as v from 'valibot'
import { type Finding, holds } from '../../../lib/index.ts'
import { quantile } from '../../../lib/stats/quantile.ts'
import { slope } from '../../../lib/stats/slope.ts'
import { type MemoryMeter, mebibytes } from './memory-back.ts'

/** What memory did over cycles of taking some and giving it back. */
export const MemoryCycles = v.object({
  of: v.string(),
  slack: v.number(),
  cycles: v.number(),
  /** Bytes of a cycle. */
  bytes: v.number(),
  readings: v.array(v.object({ cycle: v.number(), bytes: v.number() })),
})
export type MemoryCycles = v.InferOutput<typeof MemoryCycles>

/** Between two readings. */
const stride = 25

/** Cycles at the start in which caches and pools fill. */
const warm = 0.2

/** Readings follow from those before them, so that each stretch of them counts as one. */
const stretches = 12

/** As many as there must be for so many readings. */
export const leastCycles = 750

/** Of nights that look for a leak where there is none, so many are not told of one. */
const level = 0.99

/** Does `cycle` so often, a few at once, and reads what is taken after each few. */
export async function memoryCycles(
  meter: MemoryMeter,
  { cycles, bytes }: Pick<MemoryCycles, 'cycles' | 'bytes'>,
  cycle: (count: number, bytes: number) => Promise<void>,
  tell: (words: string) => void = () => {},
): Promise<MemoryCycles> {
  const readings: MemoryCycles['readings'] = []
  for (let done = 0; done < cycles; ) {
    const count = Math.min(stride, cycles - done)
    await cycle(count, bytes)
    done += count
    readings.push({ cycle: done, bytes: await meter.read() })
    tell(`${done} of ${cycles} cycles`)
  }
  return { of: meter.of, slack: meter.slack, cycles, bytes, readings }
}

/** By its slope rather than by two readings: a leak where even the low end of what it may be comes to more than slack over all cycles. */
export function judgeCycles(name: string, { of, slack, cycles, bytes, readings }: MemoryCycles): Finding {
  const later = readings.slice(Math.floor(readings.length * warm))
  const size = later.length / stretches
  const parts = Array.from({ length: stretches }, (_, part) =>
    later.slice(Math.floor(part * size), Math.floor((part + 1) * size)),
  )
  const middle = (read: keyof (typeof readings)[number]) =>
    parts.map((part) =>
      quantile(
        part.map((reading) => reading[read]),
        0.5,
      ),
    )
  const found = slope(middle('cycle'), middle('bytes'), level)
  if (found === undefined || later.length < 2 * stretches)
    return holds(name, false, `there are ${readings.length} readings of it, which is too few to tell`)
  const [value, low, high] = [found.value, found.low, found.high].map((each) => mebibytes(each * cycles))
  return holds(
    name,
    found.low * cycles <= slack,
    `the memory of ${of} grows by ${value} (${low} to ${high}) over ${cycles} cycles of ${mebibytes(bytes)}`,
  )
}
