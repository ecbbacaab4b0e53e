/**
 * P(X ≤ k) for k from 0 to `n`, X binomial of `n` and `p`. Its terms are reckoned from the most likely one outwards and then divided by
 * their sum, so that many samples lose none of them to underflow.
 */
export function tails(n: number, p: number): Float64Array {
  const odds = p / (1 - p)
  const mode = Math.min(n, Math.floor((n + 1) * p))
  const terms = new Float64Array(n + 1)
  terms[mode] = 1
  for (let k = mode; k > 0; k--) terms[k - 1] = ((terms[k] ?? 0) * k) / ((n - k + 1) * odds)
  for (let k = mode; k < n; k++) terms[k + 1] = ((terms[k] ?? 0) * (n - k) * odds) / (k + 1)
  const total = terms.reduce((sum, term) => sum + term, 0)
  let sum = 0
  return terms.map((term) => {
    sum += term / total
    return sum
  })
}
