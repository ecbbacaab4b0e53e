// bun benchmarks/training.ts [pairs]: what it costs a training to be watched by Assay, against the same program started by hand; and what
// looking at its processes takes.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { medianInterval } from '../lib/stats/median-interval.ts'
import { pythonEnvironment } from '../tasks/python/environment.ts'
import { keepsBytecode } from '../tasks/python/programs.ts'
import { type TreeWatch, watchTree } from '../tasks/resources/tree-usage.ts'
import { launchTraining, reference } from '../tasks/training/launch.ts'
import { parseProgress, type StepLine } from '../tasks/training/steps/progress.ts'
import { epochOf, lookEvery } from '../tasks/training/train-sample.ts'
import { outIn, trainingEnvironment } from '../tasks/training/variables.ts'
import { judge, median, pairedRatio, printTable, showRatio } from './table.ts'

const pairs = Number(process.argv[2] ?? 20)
/** Fewer pairs decide nothing. */
const fewest = 20
const images = 6000
const sleepers = 8
const warm = 5
const signal = new AbortController().signal
const quiet = { signal, log: () => {}, progress: () => {} }
const { python } = await pythonEnvironment('train', { ...quiet, log: console.error, env: process.env })
const folder = await mkdtemp(join(tmpdir(), 'assay-benchmark-'))
const env = trainingEnvironment(folder, { ...epochOf(images, 1), ...keepsBytecode }, process.env)

const rates = { watched: [] as number[], byHand: [] as number[] }
const busy: number[] = []
try {
  for (let pair = -1; pair < pairs; pair++) {
    const both = [
      async () => ({ how: 'watched' as const, rate: await watched() }),
      async () => ({ how: 'byHand' as const, rate: await byHand() }),
    ]
    // Each goes first as often as the other.
    for (const run of pair % 2 === 0 ? both : both.toReversed()) {
      const { how, rate } = await run()
      if (pair >= 0) rates[how].push(rate)
      await rm(outIn(folder), { recursive: true, force: true })
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
const ratio = pairedRatio(rates.watched, rates.byHand)
const verdict = pairs < fewest ? 'undecided' : judge(ratio, 0.98)
const speed = (of: readonly number[]) => median(of).toFixed(0)
printTable(
  ['a training', 'under Assay, img/s', 'by hand, img/s', 'ratio', 'bar', ''],
  [['one epoch', speed(rates.watched), speed(rates.byHand), showRatio(ratio, 3), '≥ 0.98', verdict]],
)
console.log(`Assay was busy for ${(100 * median(busy)).toFixed(2)} % of a core meanwhile.`)
const sampling = await samplingShares(20)
const percent = (share: number) => `${(100 * share).toFixed(2)} %`
const { low, high } = medianInterval(sampling) ?? { low: Number.NaN, high: Number.NaN }
console.log('')
printTable(
  ['of a core', 'median', '95 % interval', 'bar', ''],
  [
    [
      `looking at ${sleepers + 1} processes, every ${lookEvery} ms`,
      ...[percent(median(sampling)), `${percent(low)} to ${percent(high)}`, '≤ 0.50 %'],
      high <= 0.005 ? 'pass' : low > 0.005 ? 'fail' : 'undecided',
    ],
  ],
)
process.exit(0)

/** Shares of a core that looking takes beside what idling does, of two seconds each: at as many processes as a training of eight instances has. */
async function samplingShares(spells: number): Promise<readonly number[]> {
  const script = `for i in $(seq ${sleepers}); do sleep 1000 & done; wait`
  const tree = Bun.spawn(['sh', '-c', script], { stdio: ['ignore', 'ignore', 'ignore'], detached: true })
  const shares: number[] = []
  try {
    for (let spell = -1; spell < spells; spell++) {
      const looking = await busyOf(() => watchTree(tree.pid, lookEvery))
      const idle = await busyOf(() => undefined)
      if (spell >= 0) shares.push(looking - idle)
    }
  } finally {
    process.kill(-tree.pid, 'SIGKILL')
  }
  return shares
}

async function busyOf(start: () => TreeWatch | undefined): Promise<number> {
  const [before, from] = [process.cpuUsage(), performance.now()]
  const watch = start()
  await Bun.sleep(2000)
  watch?.stop(undefined)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / (performance.now() - from)
}

/** Images per second of its steps, as a measure takes them: every line read, its processes watched. */
async function watched(): Promise<number> {
  const steps: StepLine[] = []
  const before = process.cpuUsage()
  const from = performance.now()
  const running = launchTraining({ env, python, onLine: (line) => line.event === 'step' && steps.push(line) }, quiet)
  const watch = running.pid === undefined ? undefined : watchTree(running.pid, lookEvery)
  const { how } = await running.report
  watch?.stop(undefined)
  if (how !== 'finished') throw new Error(`the training ${how}`)
  const { user, system } = process.cpuUsage(before)
  busy.push((user + system) / 1000 / (performance.now() - from))
  return rateOf(steps)
}

/** What it says of its steps goes to a file. */
async function byHand(): Promise<number> {
  const file = join(folder, 'progress.jsonl')
  const child = Bun.spawn(['sh', '-c', 'exec "$0" "$1" 3>"$2"', python, reference, file], {
    env: { ...env, PROGRESS_FD: '3' },
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  if ((await child.exited) !== 0) throw new Error(`the training ended with ${child.exitCode}`)
  const lines = (await Bun.file(file).text()).split('\n').flatMap((text) => parseProgress(text) ?? [])
  return rateOf(lines.filter((line) => line.event === 'step'))
}

function rateOf(steps: readonly StepLine[]): number {
  const counted = steps.slice(warm)
  const sum = (of: (step: StepLine) => number | undefined) => counted.reduce((all, step) => all + (of(step) ?? 0), 0)
  return sum(({ images }) => images) / sum(({ step_seconds }) => step_seconds)
}
