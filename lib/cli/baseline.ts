import { hostMachine } from '../machine/host.ts'
import { cannot } from '../plan/problem.ts'
import { type Baseline, baselineOf, keyOf, namesApart } from '../record/baseline.ts'
import { fileBaselines } from '../record/baseline-files.ts'
import { fileStore } from '../record/files.ts'
import { formatNumber, several } from '../report/format.ts'
import { readRecord } from '../report/results.ts'
import { outcomeOf } from '../report/summary.ts'
import { oneLine } from '../report/text.ts'
import { intervalText } from '../report/trend.ts'
import { medianInterval } from '../stats/median-interval.ts'
import { quantile } from '../stats/quantile.ts'
import { columns } from './columns.ts'
import { findRun } from './find-run.ts'
import { commonFlags, type Flags, flagLines, parseFlags } from './flags.ts'
import { unknownPlan } from './load.ts'
import { noiseFolder, type Places, placesOf, planNames } from './places.ts'
import { writeTo } from './print.ts'

const flags = {
  anyway: { type: 'boolean', help: 'set: also a run that did not pass, as one that is slower on purpose' },
  across: { type: 'boolean', help: 'clear: the baselines of all machines' },
  json: { type: 'boolean', help: 'show: prints a JSON line for each baseline' },
  ...commonFlags,
} as const satisfies Flags

const words = `What later runs of a plan are held against: one run for each machine and parameters, with its samples

  set RUN      makes this run the baseline of its plan, on the machine that it ran on, with the parameters that it had
  show [PLAN]  lists baselines; those of a plan with their metrics
  clear PLAN   forgets the baselines of this machine
  clear RUN    forgets the one that this run is

A metric is held against it by noWorseThanBaseline(1.2), and compare RUN and history show the ratio to it. gc never removes its run.

flags
`

type Values = ReturnType<typeof parseFlags<typeof flags>>['values']

const commands: Readonly<Record<string, (places: Places, word: string | undefined, values: Values) => string>> = {
  set,
  show,
  clear,
}

/** `baseline`: sets, shows and forgets what runs are held against. */
export function run(args: readonly string[]): number {
  const { values, positionals } = parseFlags('baseline', flags, args)
  if (values.help) {
    writeTo(1, words + flagLines(flags))
    return 0
  }
  const [name = 'show', word, more] = positionals
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) throw cannot('use baselines', 'command', 'set, show or clear', name)
  if (more !== undefined) throw cannot(`${name} a baseline`, 'arguments', 'one at most', positionals.slice(1).join(' '))
  for (const [flag, taker] of [
    ['anyway', 'set'],
    ['across', 'clear'],
    ['json', 'show'],
  ] as const)
    if (values[flag] && name !== taker)
      throw cannot('use baselines', `--${flag}`, `given to baseline ${taker}`, `given to baseline ${name}`)
  writeTo(1, command(placesOf(values.dir), word, values))
  return 0
}

function set(places: Places, given: string | undefined, { anyway }: Values): string {
  const action = 'set a baseline'
  if (given === undefined) throw cannot(action, 'RUN', 'a run', 'none')
  const { store, plan, run } = findRun(places, given)
  const record = readRecord(store, plan, run)
  const baseline = baselineOf(record)
  if (baseline === undefined)
    throw cannot(
      action,
      'RUN',
      'one that says on which machine it ran',
      run,
      'An older Assay made it: run the plan again.',
    )
  const outcome = outcomeOf(record)
  if (outcome === 'unfinished') throw cannot(action, 'RUN', 'one that has ended', run, 'It goes on, or was killed.')
  if (baseline.metrics.length === 0) throw cannot(action, 'RUN', 'one that measured something', run)
  if (outcome !== 'passed' && !anyway)
    throw cannot(
      action,
      'RUN',
      'one that passed',
      `${run}, which ${outcome === 'failed' || outcome === 'errored' ? outcome : `was ${outcome}`}`,
      'What it measured may be of work that was wrong. Where it is only slower, and on purpose: --anyway',
    )
  const baselines = fileBaselines(places.runs)
  const known = baselines.all(plan).filter(({ machine }) => machine === baseline.machine)
  baselines.set(baseline)
  const before = known.find((one) => keyOf(one) === keyOf(baseline))
  const instead = before === undefined ? '' : `, in place of run ${before.run}`
  const beside = known
    .filter((one) => one !== before)
    .map(
      (one) =>
        `run ${one.run} with other parameters (${oneLine(namesApart(one.params, record.heading.params).join(', '))})`,
    )
  const what = several(baseline.metrics.length, 'metric')
  return `The baseline of ${plan} on ${machineName(places, baseline.machine)} is run ${run} (${what})${instead}${beside.length === 0 ? '' : `, beside ${beside.join(' and ')}`}\n`
}

function show(places: Places, plan: string | undefined, { json }: Values): string {
  if (plan !== undefined) refuseUnknown(places, plan)
  const baselines = fileBaselines(places.runs).all(plan)
  if (json) return baselines.map((baseline) => `${JSON.stringify(baseline)}\n`).join('')
  if (baselines.length === 0)
    return `There is no baseline${plan === undefined ? '' : ` of ${plan}`}. Set one: ${places.command('baseline')} set RUN\n`
  const rows = baselines.map((baseline) => [
    baseline.plan,
    baseline.at.slice(0, 19).replace('T', ' '),
    baseline.commit?.slice(0, 9) ?? '',
    String(baseline.metrics.length),
    baseline.run,
    machineName(places, baseline.machine),
    ownParams(baseline, baselines),
  ])
  const apart = rows.some((row) => row.at(-1) !== '')
  const titles = ['plan', 'started', 'commit', 'metrics', 'run', 'machine', apart ? 'parameters' : '']
  const table = columns([titles, ...rows], '')
  return plan === undefined
    ? table
    : [table, ...baselines.map((one) => `\n${metricsOf(places, one, baselines)}`)].join('')
}

function metricsOf(places: Places, baseline: Baseline, all: readonly Baseline[]): string {
  const { machine, run, metrics } = baseline
  const rows = metrics.map(({ step, metric, unit, samples }) => {
    const { low, high } = medianInterval(samples) ?? {}
    return [
      oneLine(`${step}: ${metric}`),
      `${formatNumber(quantile(samples, 0.5))} ${oneLine(unit)}`,
      intervalText(low, high),
      String(samples.length),
    ]
  })
  const head = [run, machineName(places, machine), ownParams(baseline, all)].filter(Boolean).join(', ')
  return `${head}\n${columns([['metric', 'median', 'interval', 'n'], ...rows])}`
}

/** The parameters by which a baseline is told from the others of its plan: `size=480p`. */
function ownParams({ plan, params }: Baseline, all: readonly Baseline[]): string {
  const others = all.filter((one) => one.plan === plan)
  const names = new Set(others.flatMap((one) => namesApart(params, one.params)))
  return oneLine([...names].map((name) => `${name}=${params?.[name] ?? '?'}`).join(' '))
}

function clear(places: Places, given: string | undefined, { across }: Values): string {
  if (given === undefined) throw cannot('clear a baseline', 'PLAN', 'a plan', 'none')
  const baselines = fileBaselines(places.runs)
  const one = planNames(places).includes(given)
    ? undefined
    : baselines.all().find(({ plan, run }) => [run, `${plan}/${run}`].includes(given))
  if (one !== undefined) {
    if (across) throw cannot('clear a baseline', '--across', 'given with a plan', `given with run ${one.run}`)
    baselines.remove(one)
    return forgotten(places, one, baselines.all(one.plan))
  }
  const plan = given
  refuseUnknown(places, plan)
  const machine = across ? undefined : thisMachine(places)
  const known = baselines.all(plan)
  const meant = known.filter((one) => machine === undefined || one.machine === machine)
  baselines.clear(plan, machine)
  const others = new Set(known.filter((one) => !meant.includes(one)).map((one) => one.machine)).size
  const left = others === 0 ? '' : `; there is one on ${several(others, 'other machine')} (--across clears all)`
  if (meant.length === 0)
    return `There was no baseline of ${plan}${machine === undefined ? '' : ' on this machine'}${left}\n`
  return meant.map((one) => forgotten(places, one, known)).join('')
}

function forgotten(places: Places, one: Baseline, all: readonly Baseline[]): string {
  const own = ownParams(one, all)
  const where = `${machineName(places, one.machine)}${own === '' ? '' : ` with ${own}`}`
  return `Run ${one.run} is no longer the baseline of ${one.plan} on ${where}\n`
}

function refuseUnknown(places: Places, plan: string): void {
  if (!planNames(places).includes(plan) && !fileStore(places.runs).plans().includes(plan))
    throw unknownPlan(places, plan)
}

function thisMachine(places: Places): string {
  return hostMachine(noiseFolder(places)).fingerprint()
}

function machineName(places: Places, machine: string): string {
  return machine === thisMachine(places) ? `this machine (${machine})` : `machine ${machine}`
}
