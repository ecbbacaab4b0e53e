/** The rank of each value, from 1; equal ones share the mean of theirs. */
export function ranks(values: readonly number[]): Float64Array {
  const order = Uint32Array.from(values.keys()).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0))
  const result = new Float64Array(values.length)
  for (let start = 0, end = 0; start < order.length; start = end) {
    const value = values[order[start] ?? 0]
    for (end = start + 1; end < order.length && values[order[end] ?? 0] === value; end++);
    for (let i = start; i < end; i++) result[order[i] ?? 0] = (start + 1 + end) / 2
  }
  return result
}

/** How many values share each value that more than one has. */
export function ties(values: readonly number[]): readonly number[] {
  const counts = new Map<number, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts.values()].filter((count) => count > 1)
}
