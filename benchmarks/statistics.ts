// What the statistics promise, by simulation with fixed seeds: bun benchmarks/statistics.ts [trials of each row, of 1,000]
import { modes } from '../lib/stats/modes.ts'
import { quantile } from '../lib/stats/quantile.ts'
import { normalize } from '../tasks/images/normalize.ts'
import { drawPhoto } from '../tasks/images/samples.ts'
import { parseSizes } from '../tasks/images/sizes.ts'
import { courses, likeNeighbours, normal, type Random, type Shape, seeded, shapes } from './statistics/draw.ts'
import * as simulate from './statistics/simulate.ts'
import { printTable } from './table.ts'

const trials = Number(process.argv[2] ?? 1000)

interface Row {
  readonly what: string
  readonly data: string
  readonly samples: number
  readonly found: number
  /** What `found` may be; absent: recorded only. */
  readonly bar?: readonly [least: number, most: number]
}

const rows: Row[] = []
/** A seed of its own for each row. */
const seed = () => rows.length + 1

const known: readonly Shape[] = [shapes.normal, shapes.logNormal, shapes.twoModes]

const holds = 'the 95 % interval holds the median'
for (const shape of [...known, shapes.halves])
  for (const n of [10, 30, 100, 300]) {
    const found = simulate.coverage(shape, n, 4 * trials, seed())
    rows.push({ what: holds, data: shape.name, samples: n, found, bar: [0.93, 0.97] })
  }
for (const shape of known) {
  const found = simulate.coverage(shape, 5, 4 * trials, seed())
  rows.push({ what: '… with what five samples allow', data: shape.name, samples: 5, found, bar: [0.93, 1] })
}
for (const [shape, precision] of [
  [shapes.normal, 0.03],
  [shapes.normal, 0.01],
  [shapes.logNormal, 0.1],
  [shapes.twoModes, 0.02],
  [shapes.halves, 0.05],
] as const) {
  const { held, samples } = simulate.stopped(shape, precision, 2 * trials, seed())
  const what = `… after stopping at ±${precision * 100} %`
  // With hardly a sample about the median there is little to stop by; such samples are said to have two modes.
  const bar = shape === shapes.halves ? {} : { bar: [0.95, 1] as const }
  rows.push({ what, data: shape.name, samples, found: held, ...bar })
}
for (const shape of known)
  for (const [n, baseline] of [
    [10, 10],
    [30, 100],
  ] as const) {
    const found = simulate.ratioCoverage(shape, n, baseline, 4 * trials, seed())
    rows.push({ what: `… the ratio to ${baseline} others`, data: shape.name, samples: n, found, bar: [0.93, 1] })
  }

const moves = 'is said to drift'
for (const { name, draw } of courses) {
  const found = simulate.flagged((random) => simulate.drifts(draw(random, 100)), trials, seed())
  rows.push({ what: moves, data: name, samples: 100, found, bar: [0.95, 1] })
}
for (const n of [20, 50, 100, 300]) {
  const flat = (random: Random) => Array.from({ length: n }, () => normal(random))
  const found = simulate.flagged((random) => simulate.drifts(flat(random)), 2 * trials, seed())
  rows.push({ what: moves, data: 'flat', samples: n, found, bar: [0, 0.02] })
}
for (const n of [50, 300]) {
  const found = simulate.flagged((random) => simulate.drifts(likeNeighbours(random, n)), trials, seed())
  rows.push({ what: moves, data: 'flat, neighbours alike by 0.5', samples: n, found })
}
for (const [name, draw, bar] of [
  ['even, the hardest of one mode', (random: Random) => random(), [0, 0.02]],
  [shapes.halves.name, shapes.halves.draw, undefined],
] as const) {
  const two = (random: Random) => modes(Array.from({ length: 100 }, () => draw(random))) !== undefined
  const found = simulate.flagged(two, trials, seed())
  rows.push({ what: 'is said to have two modes', data: name, samples: 100, found, ...(bar && { bar }) })
}

const noise = await noiseOfThisMachine()
const machine: Shape = {
  name: 'as this machine scatters now',
  median: 1,
  draw: (random) => noise[Math.floor(random() * noise.length)] ?? 1,
}
const busy: Shape = { name: 'scattered by 8 %', median: 1, draw: (random) => Math.exp(0.08 * normal(random)) }

const names = { bound: 'a bound at its median', baseline: 'its baseline', pairs: 'its pair' } as const
for (const against of ['bound', 'baseline', 'pairs'] as const)
  for (const { name, draw, median } of [...known, machine]) {
    const unit = (random: Random) => draw(random) / median
    const comparison = { against, draw: unit, factor: 1, baseline: 30, most: 300 }
    const { above, samples } = simulate.decided(comparison, trials, seed())
    rows.push({ what: `no slower than ${names[against]}, fails`, data: name, samples, found: above, bar: [0, 0.01] })
  }
for (const against of ['bound', 'baseline', 'pairs'] as const)
  for (const { name, draw } of [busy, machine]) {
    const comparison = { against, draw, factor: 1.05, baseline: 1000, most: 1000 }
    const { above, samples } = simulate.decided(comparison, trials, seed())
    const bar = simulate.allows(comparison, seeded(seed())) ? { bar: [0.99, 1] as const } : {}
    rows.push({ what: `5 % slower than ${names[against]}, fails`, data: name, samples, found: above, ...bar })
  }

const percent = (share: number) => `${(100 * share).toFixed(1)} %`
const barOf = ([least, most]: NonNullable<Row['bar']>) =>
  least === 0 ? `≤ ${100 * most} %` : most === 1 ? `≥ ${100 * least} %` : `${100 * least}–${100 * most} %`
const verdictOf = ({ found, bar }: Row) =>
  bar === undefined ? 'recorded' : bar[0] <= found && found <= bar[1] ? 'pass' : 'fail'
printTable(
  ['what', 'of samples', 'n', 'found', 'bar', ''],
  rows.map((row) => {
    const { what, data, samples, found, bar } = row
    return [what, data, samples.toFixed(0), percent(found), bar ? barOf(bar) : '', verdictOf(row)]
  }),
)
const spread = (quantile(noise, 0.75) - quantile(noise, 0.25)) / 1.349
console.log(`this machine: ${noise.length} normalisations to 480p, by their quartiles scattered by ${percent(spread)}`)
process.exitCode = rows.some((row) => verdictOf(row) === 'fail') ? 1 : 0

/** How real work scatters here, over its median. */
async function noiseOfThisMachine(): Promise<readonly number[]> {
  const photo = await drawPhoto({ width: 1600, height: 1200, seed: 1 })
  const policy = {
    sizes: parseSizes('480p'),
    fit: 'contain',
    background: '#ffffff',
    format: 'jpeg',
    quality: 85,
  } as const
  const times: number[] = []
  for (let i = 0; i < 320; i++) {
    const start = performance.now()
    await normalize(photo, policy)
    times.push(performance.now() - start)
  }
  // The first are those that a measure takes to warm up.
  const kept = times.slice(20)
  const middle = quantile(kept, 0.5)
  return kept.map((time) => time / middle)
}
