import { cannot } from '../plan/problem.ts'
import { fileBaselines } from '../record/baseline-files.ts'
import { paramsKey } from '../record/run-digest.ts'
import {
  boundOf,
  type Compared,
  type Comparison,
  comparedBaseline,
  comparedRun,
  comparisonsOf,
  onlyIn,
} from '../report/compare.ts'
import { formatNumber, several } from '../report/format.ts'
import { readRecord } from '../report/results.ts'
import { oneLine } from '../report/text.ts'
import { intervalText } from '../report/trend.ts'
import { levelText } from '../stats/decide.ts'
import { columns } from './columns.ts'
import { findRun } from './find-run.ts'
import { commonFlags, type Flags, flagLines, parseFlags } from './flags.ts'
import { type Places, placesOf } from './places.ts'
import { writeTo } from './print.ts'

const flags = {
  factor: { type: 'string', value: 'F', help: 'how many times worse the second may be (default 1)' },
  across: { type: 'boolean', help: 'also runs of different machines' },
  json: { type: 'boolean', help: 'prints a JSON line for each metric' },
  ...commonFlags,
} as const satisfies Flags

const words = `Compares the metrics of two runs: the second over the first, with the interval that holds the ratio 19 times in 20

  RUN RUN      ids, unique beginnings of them, or runs' folders
  RUN          one alone is held against its baseline

pass: the second is no worse than F times the first; fail: it is worse; in 100 comparisons at most one has any such verdict wrong,
however many metrics it is of. undecided: the samples do not tell. They know how their own run went, not what runs differ by among
themselves: history shows that. Exits with 1 where one fails.

flags
`

/** `compare`: whether a run is worse than another. */
export function run(args: readonly string[]): number {
  const { values, positionals } = parseFlags('compare', flags, args)
  if (values.help) {
    writeTo(1, words + flagLines(flags))
    return 0
  }
  const places = placesOf(values.dir)
  const [first, second] = sidesOf(places, positionals)
  const factor = factorOf(values.factor ?? '1')
  if (!values.across) refuseOtherMachine(first, second)
  const comparisons = comparisonsOf(first, second, factor)
  if (comparisons.length === 0)
    throw cannot('compare', 'RUN RUN', 'two that measured the same', `${nameOf(first)} and ${nameOf(second)}`)
  writeTo(1, values.json ? linesOf(first, second, comparisons) : textOf(first, second, comparisons, factor))
  return comparisons.some(({ verdict }) => verdict === 'fail') ? 1 : 0
}

function sidesOf(places: Places, given: readonly string[]): readonly [Compared, Compared] {
  const [a, b, more] = given
  if (a === undefined || more !== undefined)
    throw cannot('compare', 'RUN RUN', 'one run or two', given.length === 0 ? 'none' : given.join(' '))
  const first = compared(places, a)
  if (b !== undefined) return [first, compared(places, b)]
  const { plan, machine, params } = first
  const baseline = machine === undefined ? undefined : fileBaselines(places.runs).find(plan, machine, paramsKey(params))
  if (baseline === undefined)
    throw cannot(
      'compare',
      'RUN',
      'of a plan with a baseline of its machine and parameters, or one of two runs',
      nameOf(first),
      `Set one: ${places.command('baseline')} set RUN`,
    )
  return [comparedBaseline(baseline), first]
}

function compared(places: Places, given: string): Compared {
  const { store, plan, run } = findRun(places, given)
  return comparedRun(readRecord(store, plan, run))
}

function factorOf(given: string): number {
  const factor = Number(given)
  if (given.trim() !== '' && factor >= 1 && Number.isFinite(factor)) return factor
  throw cannot('compare', '--factor', 'a number from 1', given)
}

function refuseOtherMachine(first: Compared, second: Compared): void {
  if (first.machine !== undefined && first.machine === second.machine) return
  const of = ({ machine = 'an unknown machine', ...one }: Compared) => `${nameOf(one)} of ${machine}`
  throw cannot(
    'compare',
    'machine',
    'the same for both',
    `${of(first)}, ${of(second)}`,
    'Machines differ in more than what was changed: --across compares them all the same.',
  )
}

function nameOf({ plan, run }: Pick<Compared, 'plan' | 'run'>): string {
  return `${plan}/${run}`
}

function linesOf(first: Compared, second: Compared, comparisons: readonly Comparison[]): string {
  const runs = { from: nameOf(first), to: nameOf(second) }
  return comparisons.map((comparison) => `${JSON.stringify({ ...runs, ...comparison })}\n`).join('')
}

function textOf(first: Compared, second: Compared, comparisons: readonly Comparison[], factor: number): string {
  const shared = sharedReasons(comparisons)
  const rows = comparisons.map(({ step, metric, unit, better, first, second, n, ratio, verdict, because }) => [
    oneLine(`${step}: ${metric}`),
    oneLine(unit),
    better === 'lower' ? 'less' : 'more',
    formatNumber(first),
    formatNumber(second),
    n.join(', '),
    ratio === undefined ? '' : ratio.value.toFixed(3),
    intervalText(ratio?.low, ratio?.high),
    verdict + (because === undefined || shared.has(because) ? '' : `: ${because}`),
  ])
  const titles = ['metric', 'unit', 'better', 'first', 'second', 'n', 'ratio', 'interval', 'verdict']
  const count = (verdict: Comparison['verdict']) => comparisons.filter((one) => one.verdict === verdict).length
  const notes = [
    ...[...shared].map(([because, those]) => `undecided, ${those.length} metrics: ${because}\n`),
    ...levelNote(comparisons, factor),
    ...onlyIn(first, second).map((name) => `only in the first: ${oneLine(name)}\n`),
    ...onlyIn(second, first).map((name) => `only in the second: ${oneLine(name)}\n`),
    ...otherParams(first, second),
  ]
  return [
    `first   ${headOf(first)}\nsecond  ${headOf(second)}\n\n`,
    columns([titles, ...rows], ''),
    ...notes,
    `${several(comparisons.length, 'metric')}: ${count('pass')} pass, ${count('fail')} fail, ${count('undecided')} undecided\n`,
  ].join('')
}

/** Why several are undecided, which is said once below the table. */
function sharedReasons(comparisons: readonly Comparison[]): ReadonlyMap<string, readonly Comparison[]> {
  const reasons = new Map<string, Comparison[]>()
  for (const one of comparisons)
    if (one.because !== undefined) reasons.set(one.because, [...(reasons.get(one.because) ?? []), one])
  return new Map([...reasons].filter(([, those]) => those.length > 1))
}

/** Where an interval as shown would decide, and the surer one that a verdict asks for does not. */
function levelNote(comparisons: readonly Comparison[], factor: number): readonly string[] {
  const open = comparisons.find(({ verdict, ratio, better }) => {
    const bound = boundOf(better, factor)
    return verdict === 'undecided' && ratio !== undefined && (ratio.high < bound || ratio.low > bound)
  })
  if (open === undefined) return []
  return [
    `the intervals hold the ratio at 95 %, of ${several(comparisons.length, 'metric')} a verdict asks for ${levelText(open.level)}\n`,
  ]
}

function headOf({ commit, at, machine = 'an unknown machine', ...one }: Compared): string {
  const made = commit === undefined ? '' : `, commit ${commit.slice(0, 9)}`
  return `${nameOf(one)}, ${at.slice(0, 19).replace('T', ' ')}${made}, on ${machine}`
}

function otherParams(first: Compared, second: Compared): readonly string[] {
  const names = [...new Set([...Object.keys(first.params), ...Object.keys(second.params)])]
  const said = (value: string | undefined) => (value === undefined ? 'not given' : oneLine(value))
  return names
    .filter((name) => first.params[name] !== second.params[name])
    .map((name) => `other parameters: ${name} is ${said(first.params[name])}, then ${said(second.params[name])}\n`)
}
