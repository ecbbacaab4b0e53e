import { inflation, likenessOf, mean, part } from './likeness.ts'
import { mannKendall } from './mann-kendall.ts'
import { normalQuantile } from './normal.ts'
import { ascending, quantileOf } from './quantile.ts'
import { ranks } from './ranks.ts'

/** How the level of samples moved while they were taken. */
export interface Drift {
  readonly kind: 'rises' | 'falls' | 'wanders'
  /** The median of each of some stretches of the samples, in order. */
  readonly levels: readonly number[]
}

/**
 * Whether samples, in the order they were taken, are of one level; undefined where they may well be. They are not where
 *
 * - they rise or fall (Mann and Kendall's test), or the levels of up to eight stretches differ (Kruskal and Wallis's), by more than the
 *   likeness of neighbours within a stretch explains, which the variance of either is multiplied by;
 * - they wander so slowly that all of them say less than ten independent ones would.
 *
 * Of 1,000 flat series of independent samples at most twenty are called drifting. Below six samples there is no telling.
 *
 * Source: K. H. Hamed, A. R. Rao, "A modified Mann-Kendall trend test for autocorrelated data", Journal of Hydrology 204 (1998), 182–196, for
 * the multiplied variance; W. H. Kruskal, W. A. Wallis, "Use of ranks in one-criterion variance analysis", Journal of the American Statistical
 * Association 47 (1952), 583–621; their quantile by E. B. Wilson, M. M. Hilferty, "The distribution of chi-square", Proceedings of the
 * National Academy of Sciences 17 (1931), 684–688.
 */
export function drift(samples: readonly number[]): Drift | undefined {
  const n = samples.length
  const rank = ranks(samples)
  const stretches = Math.min(8, Math.max(3, Math.floor(n / 6)))
  const times = inflation(likenessOf(rank, stretches), n)
  const trend = mannKendall(samples) / Math.sqrt(times)
  if (Math.abs(trend) > normalQuantile(0.995)) return moved(samples, trend > 0 ? 'rises' : 'falls', stretches)
  const overall = likenessOf(rank, 1)
  const slow = overall.z > 3 && n / inflation(overall, n) < 10
  return slow || differ(rank, stretches) / times > chiSquare(stretches - 1, 0.9975)
    ? moved(samples, 'wanders', stretches)
    : undefined
}

/** Kruskal and Wallis's H of the stretches. None where they are too short for its distribution to hold. */
function differ(rank: Float64Array, stretches: number): number {
  const n = rank.length
  if (n < 18) return 0
  let between = 0
  let spread = 0
  for (let stretch = 0; stretch < stretches; stretch++) {
    const own = part(rank, stretch, stretches)
    between += own.length * (mean(own) - (n + 1) / 2) ** 2
  }
  for (const value of rank) spread += (value - (n + 1) / 2) ** 2
  return spread === 0 ? 0 : ((n - 1) * between) / spread
}

function chiSquare(freedom: number, p: number): number {
  const part = 2 / (9 * freedom)
  return freedom * (1 - part + normalQuantile(p) * Math.sqrt(part)) ** 3
}

function moved(samples: readonly number[], kind: Drift['kind'], stretches: number): Drift {
  const all = Float64Array.from(samples)
  const levels = Array.from({ length: stretches }, (_, stretch) =>
    quantileOf(ascending([...part(all, stretch, stretches)]), 0.5),
  )
  return { kind, levels }
}
