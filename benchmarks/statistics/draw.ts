/** Numbers from 0 to 1, the same ones each time for the same seed. */
export type Random = () => number

/** Source: G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (2003), the generator of 128 bits. */
export function seeded(seed: number): Random {
  const state = Uint32Array.of(seed, 362_436_069, 521_288_629, 88_675_123)
  const next = () => {
    const [x = 0, y = 0, z = 0, w = 0] = state
    const t = x ^ (x << 11)
    state.set([y, z, w, w ^ (w >>> 19) ^ t ^ (t >>> 8)])
    return (state[3] ?? 0) / 2 ** 32
  }
  // Seeds that differ by little begin alike.
  for (let i = 0; i < 20; i++) next()
  return next
}

/** Normal, by Box and Muller's method. */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** How samples are spread, and the true median. */
export interface Shape {
  readonly name: string
  readonly median: number
  readonly draw: (random: Random) => number
}

const heaps = (share: number, apart: number) => (random: Random) =>
  100 + 3 * normal(random) + (random() < share ? 0 : apart)

export const shapes = {
  normal: { name: 'normal', median: 100, draw: (random) => 100 + 5 * normal(random) },
  logNormal: { name: 'log-normal', median: 100, draw: (random) => 100 * Math.exp(0.3 * normal(random)) },
  // The median is where the lower heap has 5/7 of its samples below it: z = 0.56595.
  twoModes: { name: 'two modes, 70 to 30', median: 100 + 3 * 0.565_949, draw: heaps(0.7, 30) },
  halves: { name: 'two equal modes, 5 σ apart', median: 107.5, draw: heaps(0.5, 15) },
} as const satisfies Readonly<Record<string, Shape>>

/** A series whose level moves while it is drawn, by three standard deviations of its noise. */
export interface Course {
  readonly name: string
  readonly draw: (random: Random, n: number) => readonly number[]
}

const course = (level: (share: number) => number) => (random: Random, n: number) =>
  Array.from({ length: n }, (_, i) => 100 + level(i / n) + normal(random))

export const courses: readonly Course[] = [
  { name: 'rises evenly', draw: course((share) => 3 * share) },
  { name: 'a step half-way', draw: course((share) => (share < 0.5 ? 0 : 3)) },
  { name: 'a step in the last fifth', draw: course((share) => (share < 0.8 ? 0 : 3)) },
  { name: 'an episode in the middle', draw: course((share) => (share < 1 / 3 || share > 2 / 3 ? 0 : 3)) },
  { name: 'a slow wave', draw: course((share) => 1.5 * Math.sin(2 * Math.PI * share)) },
  { name: 'a warm-up left in', draw: course((share) => 3 * Math.exp(-5 * share)) },
  { name: 'a random walk', draw: walk },
]

function walk(random: Random, n: number): readonly number[] {
  let level = 100
  return Array.from({ length: n }, () => {
    level += normal(random)
    return level
  })
}

/** A flat series of which each resembles the one before it by a correlation of 0.5. */
export function likeNeighbours(random: Random, n: number): readonly number[] {
  let last = normal(random)
  return Array.from({ length: n }, () => {
    last = 0.5 * last + Math.sqrt(0.75) * normal(random)
    return last
  })
}
