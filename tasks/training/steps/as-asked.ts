/**
 * Whether a training did as many steps as it was asked to, by the numbers of those that it told of. Of one that tells of every so many
 * alone, the last ones are not seen.
 */
export function didAsAsked(told: readonly number[], asked: number): boolean {
  const last = told.at(-1) ?? 0
  const gap = Math.max(...told.slice(1).map((step, i) => step - (told[i] ?? 0)))
  return last <= asked && last + gap > asked
}
