/**
 * How far the distribution of sorted values is from every one with a single mode: the greatest distance of the two, 1/(2n) to 1/4.
 *
 * Source: J. A. Hartigan, P. M. Hartigan, "The dip test of unimodality", Annals of Statistics 13 (1985), 70–84: between the greatest convex
 * minorant and the least concave majorant, the span where they are furthest apart is looked at again until it holds no greater distance.
 */
export function dip(sorted: Float64Array): number {
  const n = sorted.length
  let [low, high, found] = [0, n - 1, 1]
  while (low < high) {
    const under = hull(sorted, low, high, 1)
    const over = hull(sorted, low, high, -1)
    const widest = furthest(sorted, under, over)
    if (widest.distance <= found) break
    found = Math.max(
      found,
      departure(sorted, under, (from) => from < widest.low, 1),
      departure(sorted, over, (from) => from >= widest.high, -1),
    )
    if (widest.low === low && widest.high === high) break
    low = widest.low
    high = widest.high
  }
  return found / (2 * n)
}

/** The indices of the corners of the convex hull of (value, index): below it with `side` 1, above it with −1. */
function hull(sorted: Float64Array, low: number, high: number, side: 1 | -1): readonly number[] {
  const corners: number[] = []
  for (let i = low; i <= high; i++) {
    while (corners.length > 1) {
      const [a, b] = [corners.at(-2) ?? 0, corners.at(-1) ?? 0]
      const turn = (at(sorted, b) - at(sorted, a)) * (i - a) - (b - a) * (at(sorted, i) - at(sorted, a))
      if (turn * side > 0) break
      corners.pop()
    }
    corners.push(i)
  }
  return corners
}

/** Where the hulls are furthest apart, at a corner of either, and the corners of both that enclose the place. */
function furthest(sorted: Float64Array, under: readonly number[], over: readonly number[]) {
  let best = { distance: 0, low: 0, high: 0 }
  const look = (corners: readonly number[], others: readonly number[], side: 1 | -1) => {
    let j = 0
    for (const corner of corners) {
      while (j + 2 < others.length && at(sorted, others[j + 1] ?? 0) < at(sorted, corner)) j += 1
      const [from, to] = [others[j] ?? 0, others[j + 1] ?? 0]
      const distance = side * (between(sorted, from, to, corner) - corner) + 1
      if (distance <= best.distance) continue
      best = side === 1 ? { distance, low: corner, high: to } : { distance, low: from, high: corner }
    }
  }
  look(under, over, 1)
  look(over, under, -1)
  return best
}

/** How far values leave the hull on the stretches whose first corner `counts`. */
function departure(sorted: Float64Array, corners: readonly number[], counts: (from: number) => boolean, side: 1 | -1) {
  let most = 1
  for (let k = 0; k + 1 < corners.length; k++) {
    const [from, to] = [corners[k] ?? 0, corners[k + 1] ?? 0]
    if (!counts(from)) continue
    for (let i = from; i <= to; i++) most = Math.max(most, side * (i - between(sorted, from, to, i)) + 1)
  }
  return most
}

/** The line through two corners, at the value of another index. */
function between(sorted: Float64Array, from: number, to: number, index: number): number {
  const width = at(sorted, to) - at(sorted, from)
  return width === 0 ? from : from + ((to - from) * (at(sorted, index) - at(sorted, from))) / width
}

function at(sorted: Float64Array, index: number): number {
  return sorted[index] ?? Number.NaN
}
