import { quantile } from '../../../lib/stats/quantile.ts'
import { type Slope, slope } from '../../../lib/stats/slope.ts'

/** By how many bytes a step the memory of a training grows. */
export interface MemoryGrowth extends Slope {
  /** `grows` where even the low end of the interval has added a tenth to its level over these steps. */
  readonly kind: 'grows' | 'steady'
  /** Bytes: the median of what it took. */
  readonly level: number
}

/** Readings follow from those before them, so that each stretch of them counts as one. */
const stretches = 12

/** Steps at the start in which caches fill. */
const warm = 0.2

/** Undefined where there are too few readings to tell. */
export function memoryGrowth(
  readings: readonly { readonly step: number; readonly bytes: number }[],
): MemoryGrowth | undefined {
  const later = readings.slice(Math.floor(readings.length * warm))
  if (later.length < 2 * stretches) return undefined
  const size = later.length / stretches
  const parts = Array.from({ length: stretches }, (_, part) =>
    later.slice(Math.floor(part * size), Math.floor((part + 1) * size)),
  )
  const middle = (of: 'step' | 'bytes') =>
    parts.map((part) =>
      quantile(
        part.map((reading) => reading[of]),
        0.5,
      ),
    )
  const found = slope(middle('step'), middle('bytes'))
  if (found === undefined) return undefined
  const steps = (later.at(-1)?.step ?? 0) - (later[0]?.step ?? 0)
  const level = quantile(
    later.map(({ bytes }) => bytes),
    0.5,
  )
  return { ...found, level, kind: found.low * steps > level / 10 ? 'grows' : 'steady' }
}
