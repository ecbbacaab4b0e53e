import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { hostMachine } from '../machine/host.ts'
import type { Plan } from '../plan/plan.ts'
import { cannot, messageOf, Problem } from '../plan/problem.ts'
import { fileStore } from '../record/files.ts'
import { noteRefusal } from '../record/refused.ts'
import type { Store } from '../record/store.ts'
import { jsonLine } from '../report/json.ts'
import { readRecord, resultFiles, writeResults } from '../report/results.ts'
import { terminalView } from '../report/terminal.ts'
import { readRun } from '../run/read-run.ts'
import type { RunResult } from '../run/run-options.ts'
import { runPlan } from '../run/run-plan.ts'
import type { Selection } from '../run/select.ts'
import { againCommand } from './again.ts'
import { baselineFor } from './baseline-for.ts'
import { codeOf } from './code.ts'
import { killDescendants } from './descendants.ts'
import { failedLastTime } from './failed.ts'
import { type FoundRun, findRun, newestRun } from './find-run.ts'
import { planMistake } from './load.ts'
import type { Output } from './output.ts'
import { owedCsv } from './owed-csv.ts'
import { noiseFolder, type Places } from './places.ts'
import type { PlanFlags } from './plan-flags.ts'
import { tellProblem, withoutSecrets, writeTo } from './print.ts'
import { shownPath } from './shown-path.ts'
import type { SharedViews } from './views.ts'
import { worst } from './worst.ts'
import { writing } from './writing.ts'

export interface OneRun {
  readonly places: Places
  readonly plan: Plan
  /** As given with `--set`, for all the plans of this command. */
  readonly params: Readonly<Record<string, string>>
  readonly flags: PlanFlags
  readonly jobs: number | undefined
  readonly output: Output
  readonly views: SharedViews
  readonly signal: AbortSignal
  /** What to do when the person does not wait for the end. */
  readonly current: { abandon?: () => void }
}

/** Runs one plan, shows it, leaves its results in its folder and in the shared views; returns the exit code. */
export async function runOne(given: OneRun): Promise<number> {
  const { places, plan, flags, output, current } = given
  const store = fileStore(places.runs)
  const { people, stdout } = output
  const file = flags.csv === '-' ? undefined : flags.csv
  const owed = owedCsv(places.runs, plan.name, store)
  const views: SharedViews = {
    ...given.views,
    add(record) {
      given.views.add(record)
      owed.forget(record.heading.run)
    },
  }
  const one = { ...given, views }
  const view = terminalView({
    write: people.write,
    isTTY: people.isTTY,
    color: people.color,
    columns: people.columns,
    verbose: flags.verbose ?? false,
    explain: flags.explain ?? false,
    pathOf: (plan, run) => shownPath(store.pathOf(plan, run)),
  })
  let run: string | undefined
  let stood: string | undefined
  current.abandon = () => {
    killDescendants()
    if (run !== undefined) leaveResults(store, plan.name, run, views)
  }
  const codes: number[] = []
  let told = false
  let measured = false
  const machine = hostMachine(noiseFolder(places))
  try {
    const resume = resumed(one, store)
    writing(places.runs, () => owed.settle(resume, file))
    const result = await runPlan(plan, {
      store,
      cwd: places.root,
      params: ownParams(plan, one.params),
      jobs: one.jobs,
      selection: selectionOf(places, plan.name, flags),
      resume,
      parallel: flags.parallel ?? false,
      keep: flags.keep ?? false,
      strict: flags.strict ?? false,
      allowSkip: flags['allow-skip'] ?? false,
      alone: true,
      signal: one.signal,
      code: codeOf(places, plan.name),
      machine,
      baseline: baselineFor({
        places,
        plan,
        machine: machine.fingerprint(),
        given: ownParams(plan, one.params),
        earlier: () => (resume === undefined ? {} : readRun(store, plan.name, resume).heading.params),
        tell: people.write,
      }),
      again: againCommand(places, plan, flags),
      observe(event) {
        if (event.event === 'run-started' || event.event === 'run-resumed') {
          run = event.run
          views.begun(event.plan, event.run)
          if (file !== undefined) writing(places.runs, () => owed.note(event.run, file))
        }
        if (event.event === 'step-ended' && event.metrics !== undefined && !event.reused) measured = true
        view.observe(event)
        const line = flags.json ? jsonLine(event) : undefined
        if (line !== undefined) stdout.write(line)
      },
    })
    if (result.kind === 'nothing to do') stood = result.run
    codes.push(finish(result, one, store))
  } catch (error) {
    const problem = planMistake(error, plan.name, places) ?? error
    codes.push(tellProblem(problem))
    told = true
    if (run === undefined) views.absent(plan.name, withoutSecrets(messageOf(problem)))
  }
  current.abandon = () => {}
  // Also when the run could not be recorded to its end: what is in the journal is worth its views, if there is room for them.
  if (run !== undefined) codes.push(leaveResults(store, plan.name, run, views, told))
  view.close()
  if (run !== undefined && measured && !told) await tellMoves(places, plan.name, run, people.write)
  const shown = run ?? stood
  if (shown !== undefined) codes.push(await leavePage({ store, plan: plan.name, run: shown }, one))
  return worst(codes)
}

async function tellMoves(places: Places, plan: string, run: string, tell: (line: string) => void): Promise<void> {
  try {
    const { tellMoved } = await import('./moved.ts') // what most runs do without
    tellMoved(places, plan, run, tell)
  } catch (error) {
    tellProblem(error) // nobody asked for it: what the run came to stays what it is
  }
}

async function leavePage(found: FoundRun, { places, flags, output }: OneRun): Promise<number> {
  if (flags.html === undefined) return 0
  try {
    // Loaded for those who ask for it.
    const { writeHtml } = await import('./html.ts')
    await writeHtml(places, found, flags.html, output)
    return 0
  } catch (error) {
    return tellProblem(error)
  }
}

/**
 * Writes the views and returns 0, or says why they can't be written and returns 2: the journal has it all, and `report` makes them
 * again. It is not said when a person was `told` already that the run could not be recorded.
 */
function leaveResults(store: Store, plan: string, run: string, views: SharedViews, told = false): number {
  try {
    writing(store.pathOf(plan, run), () => writeResults(store, plan, run))
    views.add(readRecord(store, plan, run))
    return 0
  } catch (error) {
    return told && error instanceof Problem ? 2 : tellProblem(error)
  }
}

function finish(result: RunResult, { places, plan, output, views }: OneRun, store: Store): number {
  switch (result.kind) {
    case 'ended':
      return result.exit
    case 'busy': {
      const reason = busy(plan.name, result)
      writeTo(2, `${reason}\n`)
      views.absent(plan.name, reason)
      const at = new Date().toISOString()
      try {
        writing(places.runs, () => noteRefusal(join(places.runs, plan.name), { at, holder: result.holder?.run }))
      } catch (error) {
        tellProblem(error) // a history that lacks it is no reason to say another thing than busy
      }
      return 75
    }
    case 'nothing to do':
      output.people.write(`Nothing to do: ${shownPath(result.path)} passed, and nothing has changed since\n`)
      // A run that was killed once it had passed did not leave them all.
      if (!resultFiles.every((name) => existsSync(join(result.path, name))))
        return leaveResults(store, plan.name, result.run, views)
      views.add(readRecord(store, plan.name, result.run))
      return 0
  }
}

function busy(plan: string, { holder, file }: Extract<RunResult, { readonly kind: 'busy' }>): string {
  const other = holder && `run ${holder.run} (process ${holder.pid} on ${holder.host}), running since ${holder.since}`
  const next =
    file === undefined
      ? 'Wait for it to end, or stop it, or run beside it with --parallel.'
      : `Wait for it to end; if ${holder?.host} is gone, delete ${shownPath(file)}`
  return cannot(`run ${plan}`, `every other run of ${plan}`, 'over', other ?? 'one that goes on', next).message
}

/** Those of the given parameters that the plan has. */
export function ownParams(plan: Plan, given: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(given).filter(([name]) => Object.hasOwn(plan.params ?? {}, name)))
}

export function selectionOf(places: Places, plan: string, { only, until, failed }: PlanFlags): Selection {
  const given = [only && '--only', until !== undefined && '--until', failed && '--failed'].filter(Boolean)
  if (given.length > 1) throw cannot(`run part of ${plan}`, 'steps', 'chosen in one way', given.join(' and '))
  if (only !== undefined) return { kind: 'only', names: only }
  if (until !== undefined) return { kind: 'until', name: until }
  return (failed ? failedLastTime(places, plan) : undefined) ?? { kind: 'all' }
}

function resumed({ places, plan, flags, output }: OneRun, store: Store): string | undefined {
  const found = resumedRun(places, plan.name, flags, store)
  if (flags.resume && found === undefined)
    output.people.write(`There is no run of ${plan.name} to resume yet: it starts from the beginning\n`)
  return found
}

/** The id of the run to go on with; undefined for a new one. */
export function resumedRun(places: Places, plan: string, flags: PlanFlags, store: Store): string | undefined {
  if (flags.run === undefined) return flags.resume ? newestRun(store, plan) : undefined
  const found = findRun(places, flags.run, plan)
  // By their real places: the folder of runs may itself be a link.
  const path = store.pathOf(plan, found.run)
  if (
    found.plan !== plan ||
    !existsSync(path) ||
    realpathSync(path) !== realpathSync(found.store.pathOf(plan, found.run))
  )
    throw cannot(`resume ${plan}`, '--run', `one of its runs in ${places.runs}`, flags.run)
  return found.run
}
