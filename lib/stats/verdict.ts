/**
 * Holds samples against bounds: `recorded` without bounds, `pass` when every sample meets them, `fail` when none does,
 * else `undecided`. It claims no error rate, and so says nothing when the samples disagree.
 */
export function verdictOf(
  samples: readonly number[],
  low: number | undefined,
  high: number | undefined,
): 'pass' | 'fail' | 'undecided' | 'recorded' {
  if (low === undefined && high === undefined) return 'recorded'
  const meets = samples.filter((x) => x >= (low ?? -Infinity) && x <= (high ?? Infinity)).length
  if (samples.length > 0 && meets === samples.length) return 'pass'
  return samples.length > 0 && meets === 0 ? 'fail' : 'undecided'
}
