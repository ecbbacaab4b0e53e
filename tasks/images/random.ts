/** Numbers that the same seed always gives again, in every process and on every machine. */
export interface Random {
  /** A whole number from 0 to 2³² − 1. */
  bits(): number
  /** From `min` up to but not including `max`. */
  between(min: number, max: number): number
  pick<T>(choices: readonly [T, ...T[]]): T
  /** All of `items` in another order. */
  shuffled<T>(items: readonly T[]): readonly T[]
}

/** A generator begun from any texts and numbers. xorshift32 (Marsaglia, Xorshift RNGs, 2003; shifts 13, 17, 5). */
export function seeded(...seed: readonly (string | number)[]): Random {
  // Never zero, where xorshift stays for ever.
  let state = new DataView(Bun.SHA256.hash(JSON.stringify(seed)).buffer).getInt32(0, true) || 1
  const bits = () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
  const between = (min: number, max: number) => min + (bits() / 2 ** 32) * (max - min)
  return {
    bits,
    between,
    pick: (choices) => choices[Math.floor(between(0, choices.length))] ?? choices[0],
    shuffled: (items) =>
      items
        .map((item) => ({ item, at: bits() }))
        .sort((a, b) => a.at - b.at)
        .map(({ item }) => item),
  }
}

/** Length of a ring of noise; a power of two, so that an index wraps by a mask. */
export const noiseLength = 65_536

/**
 * A ring of normally distributed whole numbers of mean 0, within ±127, from which each row of an image is read at an offset of
 * its own: drawing every value anew would cost more than all the rest. The formula is that of Box and Muller, 1958.
 */
export function noiseRing(random: Random, sigma: number): Int8Array {
  const ring = new Int8Array(noiseLength)
  for (let at = 0; at < noiseLength; at++) {
    const radius = sigma * Math.sqrt(-2 * Math.log(1 - random.between(0, 1)))
    ring[at] = Math.max(-127, Math.min(127, Math.round(radius * Math.cos(2 * Math.PI * random.between(0, 1)))))
  }
  return ring
}
