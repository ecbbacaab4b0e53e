import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { didYouMean } from '../plan/did-you-mean.ts'
import type { Plan } from '../plan/plan.ts'
import { cannot, messageOf, Problem } from '../plan/problem.ts'
import { type Choice, choosePlans } from './choose.ts'
import { failedLastTime } from './failed.ts'
import { listPlans } from './list-plans.ts'
import { loadPlan } from './load.ts'
import { claimStdout, type Output } from './output.ts'
import type { Places } from './places.ts'
import type { PlanFlags } from './plan-flags.ts'
import { tellProblem, withoutSecrets } from './print.ts'
import { runOne } from './run-one.ts'
import { stoppable } from './stoppable.ts'
import { sharedViews } from './views.ts'
import { worst } from './worst.ts'

/** Runs the chosen plans one after the other and returns the worst of their exit codes. */
export async function runChosen(places: Places, names: readonly string[], flags: PlanFlags): Promise<number> {
  const jobs = jobsOf(flags.jobs)
  readEnvFiles(flags['env-file'] ?? [])
  if (flags['create-buckets']) process.env.ASSAY_CREATE_BUCKETS = 'yes'
  const output = claimStdout('plan', flags['dry-run'] ? [] : claimsOf(flags))
  const choice = { names, tags: flags.tag ?? [], skipTags: flags['skip-tag'] ?? [] }
  const chosen = await chosenNames(places, choice, flags)
  if (chosen.length === 0) return nothingChosen(output, flags)

  const loaded: Loaded[] = []
  for (const name of chosen) loaded.push(await load(places, name))
  const params = givenParams(flags.set ?? [], loaded)

  if (flags['dry-run']) {
    const { preview } = await import('./dry-run.ts')
    return inTurn(loaded, new AbortController().signal, output, async (plan) =>
      preview(places, plan, params, flags, output),
    )
  }

  const views = sharedViews(flags, output)
  for (const { name, problem } of loaded) if (problem) views.absent(name, withoutSecrets(problem.message))
  const current: { abandon?: () => void } = {}
  const codes: number[] = []
  try {
    const ran = await stoppable(
      output.stdout,
      () => current.abandon?.(),
      (signal) =>
        inTurn(loaded, signal, output, (plan) =>
          runOne({ places, plan, params, flags, jobs, output, views, signal, current }),
        ),
    )
    codes.push(ran)
    views.end()
  } catch (error) {
    codes.push(tellProblem(error))
  }
  await output.stdout.flush()
  return worst(codes)
}

type Loaded =
  | { readonly name: string; readonly plan: Plan; readonly problem?: undefined }
  | { readonly name: string; readonly plan?: undefined; readonly problem: Problem }

async function load(places: Places, name: string): Promise<Loaded> {
  try {
    return { name, plan: await loadPlan(places, name) }
  } catch (error) {
    if (error instanceof Problem) return { name, problem: error }
    throw error
  }
}

async function inTurn(
  plans: readonly Loaded[],
  signal: AbortSignal,
  output: Output,
  each: (plan: Plan) => Promise<number>,
): Promise<number> {
  const codes: number[] = []
  for (const loaded of plans) {
    if (signal.aborted) break
    try {
      if (loaded.plan === undefined) throw loaded.problem
      codes.push(await each(loaded.plan))
    } catch (error) {
      codes.push(tellProblem(error))
    }
    if (plans.length > 1 && loaded !== plans.at(-1)) output.people.write('\n')
  }
  await output.stdout.flush()
  return worst(codes)
}

async function chosenNames(places: Places, choice: Choice, flags: PlanFlags): Promise<readonly string[]> {
  const { names, tags, skipTags } = choice
  if (flags.run !== undefined && names.length === 0) {
    const { findRun } = await import('./find-run.ts')
    return [findRun(places, flags.run).plan]
  }
  // Plain names need no list, and a plan that is named is loaded whatever is wrong with the others.
  const plans = await listPlans(places, () => Promise.resolve())
  const chosen = choosePlans(places, plans, { names, tags, skipTags }).map((plan) => plan.name)
  return flags.failed ? chosen.filter((name) => failedLastTime(places, name) !== undefined) : chosen
}

async function nothingChosen({ people, stdout }: Output, flags: PlanFlags): Promise<number> {
  if (!flags.failed) throw cannot('run plans', '--tag and --skip-tag', 'such that a plan is left', 'none')
  people.write('Nothing failed last time\n')
  await stdout.flush()
  return 0
}

function claimsOf({ csv, junit, json }: PlanFlags): readonly string[] {
  return [...(csv === '-' ? ['--csv -'] : []), ...(junit === '-' ? ['--junit -'] : []), ...(json ? ['--json'] : [])]
}

function jobsOf(given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  if (/^[1-9]\d*$/.test(given)) return Number(given)
  throw cannot('run a plan', '--jobs', 'a whole number from 1', given)
}

function readEnvFiles(files: readonly string[]): void {
  const set = new Set(Object.keys(process.env))
  for (const file of files) {
    const values = parseEnv(read(file))
    for (const [name, value] of Object.entries(values)) if (!set.has(name)) process.env[name] = value
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw cannot('run a plan', '--env-file', 'a file that can be read', file, messageOf(error))
  }
}

function givenParams(sets: readonly string[], plans: readonly Loaded[]): Readonly<Record<string, string>> {
  const known = [...new Set(plans.flatMap(({ plan }) => Object.keys(plan?.params ?? {})))]
  const entries = sets.map((set) => {
    const at = set.indexOf('=')
    if (at < 1) throw cannot('run a plan', '--set', 'NAME=VALUE', set)
    const name = set.slice(0, at)
    // A plan that could not be loaded says so itself, and its parameters are not known.
    if (!known.includes(name) && plans.every(({ plan }) => plan !== undefined))
      throw cannot(
        `run ${plans.map(({ name }) => name).join(', ')}`,
        '--set',
        'a parameter',
        name,
        didYouMean(name, known),
      )
    return [name, set.slice(at + 1)] as const
  })
  return Object.fromEntries(entries)
}
