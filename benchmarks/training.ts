// bun benchmarks/training.ts [pairs]: what it costs a training to be watched by Assay, against the same program started by hand.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pythonEnvironment } from '../tasks/python/environment.ts'
import { keepsBytecode } from '../tasks/python/programs.ts'
import { watchTree } from '../tasks/resources/tree-usage.ts'
import { launchTraining, reference } from '../tasks/training/launch.ts'
import { parseProgress, type StepLine } from '../tasks/training/progress.ts'
import { epochOf, lookEvery } from '../tasks/training/train-sample.ts'
import { outIn, trainingEnvironment } from '../tasks/training/variables.ts'
import { judge, median, pairedRatio, printTable, showRatio } from './table.ts'

const pairs = Number(process.argv[2] ?? 20)
const images = 6000
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
const speed = (of: readonly number[]) => median(of).toFixed(0)
printTable(
  ['a training', 'under Assay, img/s', 'by hand, img/s', 'ratio', 'bar', ''],
  [['one epoch', speed(rates.watched), speed(rates.byHand), showRatio(ratio), '≥ 0.98', judge(ratio, 0.98)]],
)
console.log(`Assay was busy for ${(100 * median(busy)).toFixed(2)} % of a core meanwhile.`)
process.exit(0)

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
