import * as v from 'valibot'

/** What a step hands on. `sum` is the same in every run, `made` is another each time where it is salted, `from` names what it was made from. */
export const Output = v.object({ sum: v.number(), made: v.number(), from: v.number() })
export type Output = v.InferOutput<typeof Output>

const Measured = v.object({ sum: v.tuple([v.number()]), made: v.tuple([v.number()]), from: v.tuple([v.number()]) })

/** What a step or a measure whose samples are alike handed on; null for a check and for nothing. */
export function outputOf(handedOn: unknown): Output | null {
  if (v.is(Output, handedOn)) return handedOn
  if (!v.is(Measured, handedOn)) return null
  const { sum, made, from } = handedOn
  return { sum: sum[0], made: made[0], from: from[0] }
}

/** Names what the needs handed on. */
export function fromOf(needs: readonly unknown[]): number {
  return Number(BigInt(Bun.hash(JSON.stringify(needs.map(outputOf)))) % 1_000_003n)
}

/** Sums stay small whatever the graph. */
export function sumOf(index: number, needs: readonly (number | undefined)[]): number {
  return needs.reduce<number>((total, sum) => total + (sum ?? 0), index + 1) % 1_000_003
}
