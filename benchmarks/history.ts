// How soon the history of many runs is shown, and what it says of metrics that moved or did not: bun benchmarks/history.ts [--quick]
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { changePoints } from '../lib/stats/change-point.ts'
import { medianInterval } from '../lib/stats/median-interval.ts'
import { quantile } from '../lib/stats/quantile.ts'
import { checkout } from './checkout.ts'
import { leaveRuns } from './history/journals.ts'
import { likeNeighbours, normal, type Random, seeded } from './statistics/draw.ts'
import { printTable } from './table.ts'

const quick = process.argv.includes('--quick')
const scratch = mkdtempSync(join(tmpdir(), 'assay-history-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))
let missed = false

// The history of 10,000 runs, in a cold process, as a person types it.

const count = 10_000
checkout(scratch)
const bytes = leaveRuns(join(scratch, 'runs'), count)

/** In milliseconds: until it ended, and of the processors. */
function timed(words: readonly string[]): { readonly wall: number; readonly cpu: number } {
  const start = performance.now()
  const command = [process.execPath, 'run', ...words]
  const { exitCode, stderr, resourceUsage } = Bun.spawnSync(command, { cwd: scratch, stdout: 'ignore' })
  if (exitCode !== 0) throw new Error(`${words.join(' ')} ended with ${exitCode}: ${stderr}`)
  return { wall: performance.now() - start, cpu: Number(resourceUsage.cpuTime.total) / 1000 }
}

interface Command {
  readonly words: readonly string[]
  readonly what?: string
  readonly rounds?: number
  /** What happens before each time. */
  before?(): void
  /** Undefined: it is only recorded. */
  readonly most?: number
}

const most = 300
let added = 0
const commands: readonly Command[] = [
  { words: ['history'], most },
  { words: ['history', 'plan-0'], most },
  { words: ['history', 'plan-0', '--metric', 'metric 7'], most },
  { words: ['history', '--json'] },
  {
    words: ['history'],
    what: 'history, one run being new',
    before() {
      const id = `20270101-00${String(added++).padStart(4, '0')}-2222`
      cpSync(join(scratch, 'runs/plan-0/20260101-000000-2222'), join(scratch, 'runs/plan-0', id), { recursive: true })
    },
  },
  {
    words: ['history'],
    what: 'history, every journal read anew',
    rounds: quick ? 3 : 7,
    before: () => rmSync(join(scratch, '.assay'), { recursive: true, force: true }),
  },
]

const speeds = commands.map(({ words, what = words.join(' '), rounds = quick ? 10 : 40, before, most }) => {
  timed(words)
  const taken = Array.from({ length: rounds }, () => {
    before?.()
    return timed(words)
  })
  const times = taken.map(({ wall }) => wall)
  const cpu = quantile(
    taken.map(({ cpu }) => cpu),
    0.5,
  )
  const { low, high } = medianInterval(times) ?? { low: Math.min(...times), high: Math.max(...times) }
  const verdict = most === undefined ? 'recorded' : high <= most ? 'pass' : low > most ? 'fail' : 'undecided'
  missed ||= verdict === 'fail'
  const shown = (ms: number) => ms.toFixed(0)
  return [
    what,
    String(rounds),
    `${shown(quantile(times, 0.5))} ms`,
    `${shown(low)}–${shown(high)}`,
    `${shown(cpu)} ms`,
    most === undefined ? '' : `≤ ${most} ms`,
    verdict,
  ]
})
console.log(`${count} runs, ${(bytes / 1e6).toFixed(0)} MB of journals`)
printTable(['bun run', 'times', 'median', 'interval', 'of CPU', 'bar', ''], speeds)

// Change points in histories of 30 nights. This machine's noise: a fixed work each night in a process of its own.

const nights = Array.from({ length: quick ? 10 : 60 }, () => {
  const { stdout } = Bun.spawnSync([process.execPath, join(import.meta.dir, 'history/night.ts')], { stderr: 'inherit' })
  return Number(stdout.toString())
})
const middle = quantile(nights, 0.5)
const residuals = nights.map((night) => night / middle)
const scale =
  1.4826 *
  quantile(
    residuals.map((x) => Math.abs(x - 1)),
    0.5,
  )

type Draw = (random: Random, count: number) => readonly number[]
const each =
  (draw: (random: Random) => number): Draw =>
  (random, count) =>
    Array.from({ length: count }, () => draw(random))
const noises: readonly { readonly name: string; readonly draw: Draw; readonly bar: boolean }[] = [
  {
    name: 'this machine’s nights',
    draw: each((random) => residuals[Math.floor(random() * residuals.length)] ?? 1),
    bar: true,
  },
  { name: 'normal, 1.5 %', draw: each((random) => 1 + 0.015 * normal(random)), bar: true },
  { name: 'log-normal, 1.5 %', draw: each((random) => Math.exp(0.015 * normal(random))), bar: true },
  {
    name: 'two modes 2 % apart',
    draw: each((random) => 1 + 0.005 * normal(random) + (random() < 0.7 ? 0 : 0.02)),
    bar: true,
  },
  {
    name: 'one slow night in 20',
    draw: each((random) => 1 + 0.012 * normal(random) + (random() < 0.05 ? 0.1 * random() : 0)),
    bar: true,
  },
  // Nights that resemble the one before are no independent ones: no promise is made of them.
  {
    name: 'alike by 0.5',
    draw: (random, count) => likeNeighbours(random, count).map((x) => 1 + 0.015 * x),
    bar: false,
  },
]
const histories = 1000

/** Of so many histories, the share of which `holds` is true. */
function share(seed: number, holds: (random: Random) => boolean): number {
  const random = seeded(seed)
  let times = 0
  for (let i = 0; i < histories; i++) if (holds(random)) times++
  return times / histories
}

const rows: string[][] = []
function row(what: string, name: string, found: number, bar: readonly ['≤' | '≥', number] | undefined): void {
  const met = bar === undefined || (bar[0] === '≤' ? found <= bar[1] : found >= bar[1])
  missed ||= !met
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  const verdict = bar === undefined ? 'recorded' : met ? 'pass' : 'fail'
  rows.push([what, name, percent(found), bar === undefined ? '' : `${bar[0]} ${percent(bar[1])}`, verdict])
}
for (const { name, draw, bar } of noises) {
  const flat = share(1, (random) => changePoints(draw(random, 30)).length > 0)
  row('flat, shows a change', name, flat, bar ? ['≤', 0.01] : undefined)
  const looked = share(2, (random) => {
    const history = draw(random, 30)
    return history.some((_, night) => changePoints(history.slice(0, night + 1)).length > 0)
  })
  row('flat, shows one in any of 30 nights', name, looked, undefined)
  const stepped = (random: Random, step: number) => draw(random, 30).map((x, night) => (night < step ? x : 1.05 * x))
  const found = share(3, (random) => {
    const step = 5 + Math.floor(random() * 21)
    return changePoints(stepped(random, step)).some(({ at }) => Math.abs(at - step) <= 2)
  })
  // Two nights that overlap by as much as they differ tell nobody where one ends and the other begins.
  const quiet = name !== 'this machine’s nights' || scale <= 0.015
  row('a step of 5 %, found within 2 nights', name, found, bar && quiet ? ['≥', 0.9] : undefined)
  const fresh = share(4, (random) => changePoints(stepped(random, 25)).length > 0)
  row('a step of 5 % five nights ago, seen', name, fresh, undefined)
}
console.log(`\n${histories} histories of 30 nights; the step comes at the sixth night or later, the 26th at most`)
printTable(['history', 'noise of nights', 'share', 'bar', ''], rows)
console.log(
  `this machine: ${nights.length} nights of 15 normalisations to 480p, scattered by ${(100 * scale).toFixed(1)} %`,
)
process.exitCode = missed ? 1 : 0
