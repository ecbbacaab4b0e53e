import { randomAt } from './random.ts'

/** What is wrong with an array that should hold sequence `seed` of random elements. */
export function wrongRandom(name: string, seed: number, data: ArrayBuffer): string | undefined {
  const got = new Float32Array(data)
  for (let at = 0; at < got.length; at++) {
    const right = randomAt(seed, at)
    if (got[at] !== right) return `${name}[${at}] is ${got[at]}, where ${right} is right`
  }
  return undefined
}

/** What is wrong with counters (u32) that should all have come to the same, modulo 2^32. */
export function wrongCount(name: string, data: ArrayBuffer, count: number): string | undefined {
  const right = count % 2 ** 32
  const got = new Uint32Array(data)
  const at = got.findIndex((value) => value !== right)
  return at < 0 ? undefined : `${name}[${at}] is ${got[at]}, where ${right} is right`
}
