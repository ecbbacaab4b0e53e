import type { Plan } from '../plan/plan.ts'
import { cannot, Problem } from '../plan/problem.ts'
import { type Choice, choosePlans } from './choose.ts'
import { readEnvFiles } from './env-file.ts'
import { failedLastTime } from './failed.ts'
import { listPlans } from './list-plans.ts'
import { loadPlan } from './load.ts'
import { tellFailure, tellingOfRuns } from './on-fail.ts'
import { claimStdout, type Output } from './output.ts'
import type { Places } from './places.ts'
import { type PlanFlags, refuseNoCommand } from './plan-flags.ts'
import { tellProblem, withoutSecrets } from './print.ts'
import { runOne } from './run-one.ts'
import { sendingResults, tellUnwilling } from './sending.ts'
import { setParams } from './set-params.ts'
import { stoppable } from './stoppable.ts'
import { sharedViews } from './views.ts'
import { worst } from './worst.ts'
import { refuseUnwritable } from './writing.ts'

/** Runs the chosen plans one after the other and returns the worst of their exit codes. */
export async function runChosen(places: Places, names: readonly string[], flags: PlanFlags): Promise<number> {
  refuseNoCommand(flags)
  try {
    return await runAll(places, names, flags)
  } catch (error) {
    await tellEarly(places, names, flags, error)
    throw error
  }
}

async function runAll(places: Places, names: readonly string[], flags: PlanFlags): Promise<number> {
  const jobs = jobsOf(flags.jobs)
  readEnvFiles(flags['env-file'] ?? [])
  if (flags['create-buckets']) process.env.ASSAY_CREATE_BUCKETS = 'yes'
  const output = claimStdout('plan', flags['dry-run'] ? [] : claimsOf(flags))
  const choice = { names, tags: flags.tag ?? [], skipTags: flags['skip-tag'] ?? [] }
  const chosen = await chosenNames(places, choice, flags)
  if (chosen.length === 0) return nothingChosen(output, flags)
  if (flags.run !== undefined && chosen.length > 1)
    throw cannot('resume a run', '--run', 'given with one plan', chosen.join(' '))
  if (flags.html !== undefined && chosen.length > 1)
    throw cannot('write a page', '--html', 'given with one plan', chosen.join(' '))
  if (flags.html !== undefined && flags.html !== '-') refuseUnwritable(flags.html, '--html')

  const loaded: Loaded[] = []
  for (const name of chosen) loaded.push(await load(places, name))
  const params = setParams(flags.set ?? [], loaded)

  if (flags['dry-run']) {
    const { preview } = await import('./dry-run.ts')
    return inTurn(
      loaded,
      new AbortController().signal,
      output,
      (plan) => preview(places, plan, params, flags, output),
      async () => {},
    )
  }

  await tellUnwilling(places, output.people.write)
  const results = sendingResults(places, sharedViews(flags, output))
  const { views, ended } = tellingOfRuns(places, flags, results.views)
  for (const { name, problem } of loaded) if (problem) views.absent(name, withoutSecrets(problem.message))
  const current: { abandon?: () => void } = {}
  const codes: number[] = []
  try {
    await stoppable(
      output.stdout,
      () => current.abandon?.(),
      async (signal) => {
        const ran = await inTurn(
          loaded,
          signal,
          output,
          (plan) => runOne({ places, plan, params, flags, jobs, output, views, signal, current }),
          ended,
        )
        codes.push(ran)
        try {
          views.end()
        } finally {
          await results.send(signal, output.people.write)
        }
      },
    )
  } catch (error) {
    codes.push(tellProblem(error))
    await tellEarly(places, chosen, flags, error)
  }
  await output.stdout.flush()
  return worst(codes)
}

/** Tells of what went wrong with no one plan. */
async function tellEarly(places: Places, names: readonly string[], flags: PlanFlags, error: unknown): Promise<void> {
  if (flags['on-fail'] === undefined || flags['dry-run'] || !(error instanceof Problem)) return
  const reason = withoutSecrets(error.message)
  const failed = { plan: names.join(' '), exit: 2, outcome: 'errored', run: undefined, reason }
  await tellFailure(places, flags['on-fail'], failed)
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
  ended: (plan: string, exit: number) => Promise<void>,
): Promise<number> {
  const codes: number[] = []
  for (const loaded of plans) {
    if (signal.aborted) break
    const code = await exitOf(loaded, each)
    codes.push(code)
    await ended(loaded.name, code)
    if (plans.length > 1 && loaded !== plans.at(-1)) output.people.write('\n')
  }
  await output.stdout.flush()
  return worst(codes)
}

async function exitOf({ plan, problem }: Loaded, each: (plan: Plan) => Promise<number>): Promise<number> {
  try {
    if (plan === undefined) throw problem
    return await each(plan)
  } catch (error) {
    return tellProblem(error)
  }
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

function claimsOf({ csv, junit, html, json }: PlanFlags): readonly string[] {
  const files = Object.entries({ csv, junit, html }).flatMap(([flag, file]) => (file === '-' ? [`--${flag} -`] : []))
  return [...files, ...(json ? ['--json'] : [])]
}

function jobsOf(given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  if (/^[1-9]\d*$/.test(given)) return Number(given)
  throw cannot('run a plan', '--jobs', 'a whole number from 1', given)
}
