import { quantileOf } from './quantile.ts'
import { ranks } from './ranks.ts'

/** How much samples resemble those taken just before them. */
export interface Likeness {
  /** Of the ranks of neighbours: −1 to 1. */
  readonly correlation: number
  /** Above zero where neighbours are alike; a standard normal variable where samples come independently of each other. */
  readonly z: number
}

/**
 * The rank version of von Neumann's ratio.
 *
 * Source: R. Bartels, "The rank version of von Neumann's ratio test for randomness", Journal of the American Statistical Association 77
 * (1982), 40–46.
 */
export function likeness(samples: readonly number[]): Likeness {
  return likenessOf(ranks(samples), 1)
}

/**
 * As `likeness`, of ranks within so many stretches, each seen from its own mean, and of those the median: a change of level falls out,
 * unless it is within most of them.
 */
export function likenessOf(rank: Float64Array, stretches: number): Likeness {
  const n = rank.length
  if (n < 3) return { correlation: 0, z: 0 }
  const ratios = Float64Array.from({ length: stretches }, (_, stretch) => ratioOf(part(rank, stretch, stretches)))
  const ratio = quantileOf(ratios.sort(), 0.5)
  const variance = (4 * (n - 2) * (5 * n * n - 2 * n - 9)) / (5 * n * (n + 1) * (n - 1) ** 2)
  // A median scatters √(π / 2) times as widely as a mean.
  const wider = stretches === 1 ? 1 : Math.PI / 2
  return { correlation: 1 - ratio / 2, z: (2 - ratio) / Math.sqrt(variance * wider) }
}

function ratioOf(rank: Float64Array): number {
  const middle = mean(rank)
  let [steps, spread] = [0, 0]
  for (const [i, value] of rank.entries()) {
    spread += (value - middle) ** 2
    if (i > 0) steps += (value - (rank[i - 1] ?? 0)) ** 2
  }
  return spread === 0 ? 2 : steps / spread
}

/**
 * How many times the variance of their mean is that of independent samples: (1 + r) / (1 − r) of the correlation of neighbours, where that
 * is more than chance makes it (once in a hundred), else 1. None below ten samples.
 *
 * Source: the effective sample size of a first-order process, G. V. Bayley, J. M. Hammersley, "The effective number of independent
 * observations in an autocorrelated time series", Supplement to the Journal of the Royal Statistical Society 8 (1946), 184–197.
 */
export function inflation({ correlation, z }: Likeness, n: number): number {
  return n >= 10 && z > 2.326 ? (1 + correlation) / (1 - correlation) : 1
}

/** One of so many stretches, as long as each other to one. */
export function part(values: Float64Array, stretch: number, stretches: number): Float64Array {
  const end = (of: number) => Math.floor((of * values.length) / stretches)
  return values.subarray(end(stretch), end(stretch + 1))
}

export function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
