import { pbkdf2Sync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { fileStore, runPlan } from '../lib/embed.ts'
import { definePlan, lower, type Plan, quantity } from '../lib/index.ts'
import { medianInterval } from '../lib/stats/median-interval.ts'
import { ratioOfMedians } from '../lib/stats/ratio.ts'
import { median, pairedRatio, printTable, type Ratio } from './table.ts'

// What measuring adds to what is measured: a busy loop of 10 ms in a run beside the same loop bare. And a command, beside hyperfine.

const quick = process.argv.includes('--quick')
const scratch = mkdtempSync(join(tmpdir(), 'assay-measure-'))

/** Busy for as long as it takes to hash so often, in machine code that is the same wherever it is called from: a loop compiled as it runs is not. */
function spin(count: number): void {
  pbkdf2Sync('busy', 'loop', count, 32, 'sha256')
}

/** How many hashes take 10 ms here. */
function tenMilliseconds(): number {
  const count = 10_000
  const took = Array.from({ length: 30 }, () => spanOf(() => spin(count)))
  return Math.round((count * 10) / Math.min(...took))
}

function spanOf(work: () => unknown): number {
  const start = performance.now()
  work()
  return performance.now() - start
}

/** The samples of a plan's only measure, by metric, and how long the run took in seconds. */
async function measured(plan: Plan) {
  const start = performance.now()
  const result = await runPlan(plan, { store: fileStore(scratch), env: process.env })
  const took = (performance.now() - start) / 1000
  const ended = result.kind === 'ended' ? result.record.steps[0]?.ended : undefined
  if (ended?.outcome !== 'passed') throw new Error(`the plan did not pass: ${ended?.reason ?? result.kind}`)
  return { took, metrics: ended.metrics ?? [], samples: (name: string) => samplesOf(ended.metrics ?? [], name) }
}

function samplesOf(metrics: readonly { readonly name: string; readonly samples: readonly number[] }[], name: string) {
  return metrics.find((metric) => metric.name === name)?.samples ?? []
}

/** Both in each round of one measure, either of them first: in turn, they might keep step with what else goes on. */
async function busyInside(hashes: number, pairs: number) {
  const plan = definePlan({ name: 'busy', kind: 'performance', title: 'A busy loop' }, (plan) => {
    plan.measure({
      name: 'busy',
      metrics: { ours: lower('ms'), bare: lower('ms') },
      samples: pairs,
      warmup: 5,
      run: async (_, { time }) => {
        const first = Math.random() < 0.5 ? spanOf(() => spin(hashes)) : undefined
        const { seconds } = await time(() => spin(hashes))
        const bare = first ?? spanOf(() => spin(hashes))
        return { ours: quantity(seconds * 1000, 'ms'), bare: quantity(bare, 'ms') }
      },
    })
  })
  const { samples } = await measured(plan)
  return { ours: samples('ours'), bare: samples('bare') }
}

const loops = 20

/** In a process of its own: the median of a loop in a run, or bare. */
async function alone(how: string, hashes: number): Promise<number> {
  if (how === 'bare') {
    for (let i = 0; i < 5; i++) spin(hashes)
    return median(Array.from({ length: loops }, () => spanOf(() => spin(hashes))))
  }
  const plan = definePlan({ name: 'busy', kind: 'performance', title: 'A busy loop' }, (plan) => {
    plan.measure({
      ...{ name: 'busy', metrics: { ours: lower('ms') }, samples: loops, warmup: 5 },
      run: async (_, { time }) => ({ ours: quantity((await time(() => spin(hashes))).seconds * 1000, 'ms') }),
    })
  })
  return median((await measured(plan)).samples('ours'))
}

function busyAlone(hashes: number, pairs: number) {
  const ask = (how: string) => {
    const { stdout } = Bun.spawnSync([process.execPath, import.meta.path, `--alone=${how}`, `--hashes=${hashes}`])
    return Number(stdout.toString())
  }
  const ours: number[] = []
  const bare: number[] = []
  for (let pair = 0; pair < pairs; pair++) {
    const first = Math.random() < 0.5 ? ask('bare') : undefined
    ours.push(ask('ours'))
    bare.push(first ?? ask('bare'))
  }
  return { ours, bare }
}

const show = ({ median, low, high, n }: Ratio) =>
  `${median.toFixed(4)} (${low.toFixed(4)}–${high.toFixed(4)}, ${n} pairs)`

/** Whether all of the interval lies between the bars, none of it, or a part. */
function between({ low, high }: Ratio, [least, most]: readonly [number, number]): string {
  if (low >= least && high <= most) return 'pass'
  return high < least || low > most ? 'fail' : 'undecided'
}

async function busy() {
  const hashes = tenMilliseconds()
  const row = (title: string, { ours, bare }: { ours: readonly number[]; bare: readonly number[] }) => {
    const ratio = pairedRatio(ours, bare)
    const ms = (samples: readonly number[]) => `${median(samples).toFixed(3)} ms`
    return [title, ms(ours), ms(bare), show(ratio), '0.995–1.005', between(ratio, [0.995, 1.005])]
  }
  printTable(
    ['a busy loop', 'measured', 'bare', 'ratio', 'bar', ''],
    [
      row('side by side in one run', await busyInside(hashes, quick ? 40 : 200)),
      row('a run beside a bare process', busyAlone(hashes, quick ? 20 : 40)),
    ],
  )
}

const exported = v.object({ results: v.tuple([v.object({ times: v.array(v.number()) })]) })

async function besideHyperfine() {
  if (Bun.which('hyperfine') === null)
    return console.log('hyperfine: left out, since it is not on PATH (apt install hyperfine)')
  const text = join(scratch, 'text')
  writeFileSync(text, readFileSync(import.meta.path, 'utf8').repeat(60))
  const argv = ['gzip', '-9', '-k', '-c', text]
  // As hyperfine starts it: a pipe for what it says on stderr would cost 0.1 ms of each sample.
  const quiet = { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' } as const
  const command = (rule: { readonly samples: number } | { readonly precision: number; readonly maxSamples: number }) =>
    definePlan({ name: 'command', kind: 'performance', title: 'A command' }, (plan) => {
      plan.measure({
        ...{ name: 'command', metrics: { time: lower('s') }, warmup: 1, ...rule },
        run: async (_, { time }) => {
          const { seconds, value } = await time(() => Bun.spawnSync(argv, quiet))
          if (value.exitCode !== 0) throw new Error(`${argv.join(' ')} ended with ${value.exitCode}`)
          return { time: quantity(seconds, 's') }
        },
      })
    })
  const [same, asked, usual] = [comparison(), comparison(), comparison()]
  const rounds = quick ? 4 : 12
  for (let round = 0; round < rounds; round++) {
    const file = join(scratch, 'hyperfine.json')
    const start = performance.now()
    Bun.spawnSync(['hyperfine', '-N', '--warmup', '1', '--style', 'none', '--export-json', file, argv.join(' ')])
    const took = (performance.now() - start) / 1000
    const { times } = v.parse(exported, JSON.parse(readFileSync(file, 'utf8'))).results[0]
    const theirs = { took, times }
    same.add(await measured(command({ samples: times.length })), theirs)
    asked.add(await measured(command({ precision: widthOf(times), maxSamples: 10_000 })), theirs)
    usual.add(await measured(command({ precision: 0.02, maxSamples: 1000 })), theirs)
  }
  const name = `${argv.slice(0, -1).join(' ')}, ${(1000 * median(same.theirs)).toFixed(1)} ms`
  printTable(
    [name, 'median over hyperfine’s', 'held', 'interval', 'hyperfine’s', 'time over hyperfine’s', 'bar', ''],
    [
      same.row('as many runs as hyperfine', 1),
      asked.row('as tight, found by itself', undefined),
      usual.row('within 2 %, found by itself', undefined),
    ],
  )
  console.log(
    'held: in how many rounds the interval of the ratio of both medians holds 1. Intervals: half a width, the median of all rounds.',
  )
}

/** Half of the interval of a median over it. */
function widthOf(times: readonly number[]): number {
  const { low, high } = medianInterval(times) ?? { low: 0, high: Infinity }
  return (high - low) / 2 / median(times)
}

/** Assay beside hyperfine, round by round. */
function comparison() {
  const ours: number[] = []
  const theirs: number[] = []
  const took: number[] = []
  const theyTook: number[] = []
  const widths: number[] = []
  const theirWidths: number[] = []
  let held = 0
  const percent = (share: number) => `±${(100 * share).toFixed(2)} %`
  return {
    theirs,
    add(own: Awaited<ReturnType<typeof measured>>, they: { readonly took: number; readonly times: readonly number[] }) {
      const times = own.samples('time')
      const ratio = ratioOfMedians(times, they.times)
      if (ratio !== undefined && ratio.low <= 1 && ratio.high >= 1) held += 1
      ours.push(median(times))
      theirs.push(median(they.times))
      took.push(own.took)
      theyTook.push(they.took)
      widths.push(widthOf(times))
      theirWidths.push(widthOf(they.times))
    },
    row(title: string, bar: number | undefined) {
      const times = pairedRatio(took, theyTook)
      const intervals = [percent(median(widths)), percent(median(theirWidths))]
      const judged = bar === undefined ? ['', ''] : [`≤ ${bar}`, between(times, [0, bar])]
      return [title, show(pairedRatio(ours, theirs)), `${held}/${ours.length}`, ...intervals, show(times), ...judged]
    },
  }
}

const option = (name: string) => process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3)
const how = option('alone')
if (how !== undefined) console.log(await alone(how, Number(option('hashes'))))
else {
  await busy()
  console.log()
  await besideHyperfine()
}
rmSync(scratch, { recursive: true })
