import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { fileStore, runPlan } from '../lib/embed.ts'
import { atLeast, definePlan, equal, higher, lower, quantity } from '../lib/index.ts'
import { median, printTable } from './table.ts'

// The page of a run of 200 steps, made by the command that a person types, in a process of its own: how long it takes and how large it is.
// The run has all that makes a page long: logs, artifacts, findings, and 60 metrics of 30 samples, each with a history.

const quick = process.argv.includes('--quick')
const root = mkdtempSync(join(tmpdir(), 'assay-html-'))
mkdirSync(join(root, 'plans'))

const measures = 20
const checks = 30
const steps = 150

/** The same values in every run but for a little noise. */
const noisy = (middle: number) => middle * (1 + (Math.random() - 0.5) / 20)

function largePlan() {
  return definePlan({ name: 'large', kind: 'performance', title: 'Two hundred steps' }, (plan) => {
    for (let i = 0; i < steps; i++)
      plan.step({
        name: `normalise shard ${i} of the images`,
        output: v.object({ keys: v.array(v.string()) }),
        run: async (_, { log, folder }) => {
          for (let line = 0; line < 50; line++) log(`{"event":"stored","uri":"s3://normalized/shard-${i}/${line}.png"}`)
          await Bun.write(join(folder, 'manifest.json'), '{}')
          return { keys: Array.from({ length: 50 }, (_, key) => `shard-${i}/${key}.png`) }
        },
      })
    for (let i = 0; i < checks; i++)
      plan.check({
        name: `shard ${i} is whole`,
        run: () => Array.from({ length: 5 }, (_, finding) => equal(`finding ${finding}`, finding, finding)),
      })
    for (let i = 0; i < measures; i++)
      plan.measure({
        name: `speed of shard ${i}`,
        samples: 30,
        warmup: 0,
        metrics: { rate: higher('img/s', atLeast(30, 'img/s')), time: lower('s'), memory: lower('MB') },
        run: () => ({
          rate: quantity(noisy(41), 'img/s'),
          time: quantity(noisy(3), 's'),
          memory: quantity(noisy(512), 'MB'),
        }),
      })
  })
}

const runs = quick ? 10 : 30
for (let i = 0; i < runs; i++) {
  const result = await runPlan(largePlan(), { store: fileStore(join(root, 'runs')), env: {} })
  if (result.kind !== 'ended' || result.exit !== 0) throw new Error(`the plan did not pass: ${result.kind}`)
}

const entry = join(import.meta.dir, '../lib/cli/main.ts')

interface Took {
  /** In milliseconds. */
  readonly wall: number
  /** Of a processor, which is what is left of it where others have them too. */
  readonly cpu: number
}

function timed(...words: readonly string[]): Took {
  const start = performance.now()
  const command = [process.execPath, entry, ...words, '--dir', root]
  const { exitCode, stderr, resourceUsage } = Bun.spawnSync(command, { stdin: 'ignore' })
  if (exitCode !== 0) throw new Error(`${words.join(' ')} ended with ${exitCode}: ${stderr}`)
  return { wall: performance.now() - start, cpu: Number(resourceUsage.cpuTime.total) / 1000 }
}

const file = join(root, 'page.html')
timed('report', '--html', file) // the index of the history is made once
const rounds = quick ? 5 : 15
const page = Array.from({ length: rounds }, () => timed('report', '--html', file))
const markdown = Array.from({ length: rounds }, () => timed('report', '--md'))
const size = statSync(file).size

const walls = (all: readonly Took[]) => all.map(({ wall }) => wall)
const ms = (times: readonly number[]) => `${Math.round(median(times))} ms`
const cells = (all: readonly Took[]) => [
  ms(walls(all)),
  `${Math.round(Math.max(...walls(all)))} ms`,
  ms(all.map(({ cpu }) => cpu)),
]
printTable(
  [`200 steps, 60 metrics, ${runs} runs of history`, 'median', 'most', 'processor', 'bar', ''],
  [
    ['report --html', ...cells(page), '≤ 1000 ms', median(walls(page)) <= 1000 ? 'pass' : 'fail'],
    ['report --md', ...cells(markdown), '', ''],
    ['size of the page', `${Math.round(size / 1000)} kB`, '', '', '< 1000 kB', size < 1_000_000 ? 'pass' : 'fail'],
  ],
)
rmSync(root, { recursive: true })
