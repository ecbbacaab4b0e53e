/** `Did you mean 'stage1'? There are: draw, stage1, stage2`, as much of it as helps. */
export function didYouMean(given: string, known: readonly string[]): string {
  const near = known
    .map((name) => ({ name, distance: distance(given.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(name.length / 3)) || name.includes(given))
    .sort((a, b) => a.distance - b.distance)[0]
  const listed =
    known.length === 0
      ? 'There are none'
      : `There are: ${known.slice(0, 20).join(', ')}${known.length > 20 ? ' …' : ''}`
  return near === undefined ? listed : `Did you mean '${near.name}'? ${listed}`
}

/** Edits from one word to the other, row by row; two letters that changed places are one (Damerau's, restricted). */
function distance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      next.push(
        Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, changed, swapped ? (before[j - 2] ?? 0) + 1 : changed),
      )
    }
    before = row
    row = next
  }
  return row[b.length] ?? 0
}
