import { cannot } from '../../plan/problem.ts'

/** The order of a round's variants, by chance: the same for the same seed, measure and round, and each order as likely as any other. */
export function orderOf<T>(variants: readonly T[], seed: number, measure: string, round: number): readonly T[] {
  if (variants.length < 2) return variants
  const order = [...variants]
  for (let last = order.length - 1; last > 0; last--) {
    const chosen = Number(Bun.hash.wyhash(`${seed} ${round} ${last} ${measure}`) % BigInt(last + 1))
    const [a, b] = [order[chosen], order[last]]
    if (a !== undefined && b !== undefined) [order[chosen], order[last]] = [b, a]
  }
  return order
}

/** The seed that is asked for, in the plan or by `ASSAY_SEED`, or one drawn anew. */
export function seedOf(
  asked: number | undefined,
  env: Readonly<Record<string, string | undefined>>,
  draw: () => number,
): number {
  const { ASSAY_SEED: given } = env
  const seed = asked ?? (given === undefined || given.trim() === '' ? Math.floor(draw() * 2 ** 31) : Number(given))
  if (Number.isSafeInteger(seed) && seed >= 0) return seed
  throw cannot('measure', asked === undefined ? 'ASSAY_SEED' : 'seed', 'a whole number', asked ?? given)
}
