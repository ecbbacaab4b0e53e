/**
 * Which z a standard normal variable lies below with probability `p`, between 0 and 1, to about seven digits.
 *
 * Source: M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37 (1988), 477–484 (PPND7).
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q
    const over = ((59.10937472 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179
    const under = ((67.1875636 * r + 78.757757664) * r + 17.895169469) * r + 1
    return (q * over) / under
  }
  return Math.sign(q) * upper(Math.sqrt(-Math.log(Math.min(p, 1 - p))))
}

function upper(r: number): number {
  if (r <= 5) {
    const s = r - 1.6
    const over = ((0.17023821103 * s + 1.3067284816) * s + 2.75681539) * s + 1.4234372777
    return over / ((0.12021132975 * s + 0.7370016425) * s + 1)
  }
  const s = r - 5
  const over = ((0.017337203997 * s + 0.42868294337) * s + 3.081226386) * s + 6.657905115
  return over / ((0.012258202635 * s + 0.24197894225) * s + 1)
}
