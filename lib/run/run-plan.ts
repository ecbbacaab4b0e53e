import { join } from 'node:path'
import type { Machine } from '../machine/machine.ts'
import { buildGraph } from '../plan/build.ts'
import { parseDuration } from '../plan/duration.ts'
import type { Graph } from '../plan/graph.ts'
import { type Params, parseParams } from '../plan/param.ts'
import type { Plan } from '../plan/plan.ts'
import { cannot, Problem } from '../plan/problem.ts'
import type { Baseline } from '../record/baseline.ts'
import { type Code, type Heading, journalSchema, type Outcome } from '../record/event.ts'
import { bootId, thisProcess } from '../record/holder.ts'
import { journalOf } from '../record/journal.ts'
import type { Mask } from '../record/mask.ts'
import { runId } from '../record/run-id.ts'
import type { Draft, RunRecord } from '../record/run-record.ts'
import type { Lock, LockHolder, RunStore, Store } from '../record/store.ts'
import { killPrograms, slowestProgram } from '../shell/programs.ts'
import { holdTree, type Tree } from '../shell/tree.ts'
import { hideSecretNames } from './artifact-names.ts'
import { stoppingOf } from './attempt.ts'
import { benchOf } from './bench.ts'
import { type Clock, secondsSince, systemClock } from './clock.ts'
import { type ContextOptions, serviceContext, servicesFolder, stepContext, stepsFolder } from './context.ts'
import { execute } from './engine.ts'
import { environmentOf } from './environment.ts'
import { type Following, following } from './following.ts'
import { hashOf } from './identity.ts'
import { endLeftBehind, processes, removeLeft } from './left-behind.ts'
import { namedNodes, nothingToDo, usersOf } from './nodes.ts'
import type { Observer } from './observe.ts'
import { givenParams, recordedParams } from './params.ts'
import { checkPreconditions, checkServices } from './preconditions.ts'
import { readRun } from './read-run.ts'
import { recorder } from './recorder.ts'
import { changesSince, earlierOf } from './reuse.ts'
import { maskFor, refuseSecretNames, withoutSecrets } from './secrets.ts'
import { type Selection, select } from './select.ts'
import { servicesOf } from './services.ts'
import { stopsOf } from './stops.ts'
import { Interrupted, type Policy, summing } from './summing.ts'

export interface RunOptions extends Partial<Policy> {
  /** Where runs are kept. */
  readonly store: Store
  /** Where shell steps run; the process's folder when absent. */
  readonly cwd?: string | undefined
  /** Parameters in text, which win over `ASSAY_<NAME>` in `env`. */
  readonly params?: Readonly<Record<string, string>> | undefined
  /** `process.env` when absent. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** At most this many steps at once; the number of cores when absent. */
  readonly jobs?: number | undefined
  readonly selection?: Selection | undefined
  /** The run to go on with. */
  readonly resume?: string | undefined
  /** Beside other runs of this plan: takes no lock. Not for `resume`, since two must not write one journal. */
  readonly parallel?: boolean | undefined
  /** What the plan's outputs are made by: what a resumed run reuses must have been made by the same. Absent: not checked. */
  readonly code?: Code | undefined
  /** The run that metrics are held against where the plan says so. */
  readonly baseline?: Baseline | undefined
  /** What this runs on, watched while a measure takes its samples; absent: not looked at. */
  readonly machine?: Machine | undefined
  /** Services leave their data. */
  readonly keep?: boolean | undefined
  /** Nothing else goes on in this process: whatever it started since the run began ends with the run, also what still has a parent. */
  readonly alone?: boolean | undefined
  /** Stops the run; its reason says why. */
  readonly signal?: AbortSignal | undefined
  readonly observe?: Observer | undefined
  readonly clock?: Clock | undefined
  /** The command that runs it again, for the record. */
  readonly again?: string | undefined
}

export type RunResult =
  | {
      readonly kind: 'ended'
      readonly outcome: Outcome
      /** 0 passed · 1 failed · 2 errored or nothing ran. */
      readonly exit: number
      readonly run: string
      /** The run's folder. */
      readonly path: string
      readonly record: RunRecord
    }
  /** Another run of this plan holds the lock. */
  | ({ readonly kind: 'busy' } & Extract<Lock, { readonly kind: 'busy' }>)
  /** `resume` of a run that passed, with nothing changed. */
  | { readonly kind: 'nothing to do'; readonly run: string; readonly path: string; readonly record: RunRecord }

/**
 * Runs a plan and returns what came of it. Throws a Problem for anything that is wrong before the first step (a parameter,
 * the plan itself, the machine) and when the run can no longer be recorded; a step that goes wrong is an outcome.
 */
export async function runPlan<P extends Params>(plan: Plan<P>, options: RunOptions): Promise<RunResult> {
  const mask = maskFor(plan, options.env ?? process.env, options.params ?? {})
  try {
    return await runMasked(plan, options, mask)
  } catch (error) {
    throw withoutSecrets(error, mask)
  }
}

async function runMasked<P extends Params>(plan: Plan<P>, options: RunOptions, mask: Mask): Promise<RunResult> {
  const { store, clock = systemClock, env = process.env, cwd = process.cwd() } = options
  const before = options.resume === undefined ? undefined : readRun(store, plan.name, options.resume)
  if (options.parallel && before !== undefined)
    throw cannot(
      `resume ${plan.name}`,
      '--parallel',
      'for new runs only',
      'given for a resumed one',
      'Leave it out: two must not write one journal.',
    )
  const given = givenParams(plan, env, options.params ?? {}, before?.heading.params ?? {})
  const params = parseParams<Params>(plan.params ?? {}, given, `run ${plan.name}`)
  const graph = buildGraph<Params>(plan, params)
  refuseSecretNames(graph, plan.name, mask)
  const selected = select(graph, plan.name, options.selection ?? { kind: 'all' })
  checkPreconditions(plan, env, cwd)
  checkServices(graph, selected, env)

  const recorded = recordedParams(plan, given)
  const run = before?.heading.run ?? runId(clock.now(), Math.random, store.runs(plan.name).at(-1))
  const path = store.pathOf(plan.name, run)
  const holder = { run, ...thisProcess(), since: clock.now().toISOString() }
  if (before !== undefined && nothingToDo(before, graph, selected, recorded, options.code)) {
    if (before.ended?.removes && !options.keep) removeLeft(store, plan.name, holder)
    return { kind: 'nothing to do', run, path, record: before }
  }

  const lock: Lock = options.parallel ? { kind: 'held', release() {} } : store.lock(plan.name, holder)
  if (lock.kind === 'busy') return lock
  const tree = holdTree()
  try {
    const notices = [...(await endLeftBehind(store, plan.name))]
    const heading: Heading = {
      at: clock.now().toISOString(),
      plan: plan.name,
      kind: plan.kind,
      title: plan.title,
      run,
      params: recorded,
      tags: [...(plan.tags ?? [])],
      // Of a resumed run with its own parameters, the command that began it: the one at hand does not name them.
      again:
        (Object.keys(options.params ?? {}).length === 0 ? before?.heading.again : undefined) ??
        options.again ??
        `bunx assay plan ${plan.name}`,
      nodes: namedNodes(graph),
      ...(selected.size < graph.nodes.length && {
        selected: [...selected].map((index) => graph.nodes[index]?.name ?? ''),
      }),
      environment: environmentOf(cwd, options.machine, (sentence) => notices.push(sentence)),
      tree: {
        pid: process.pid,
        ...(tree.tag !== undefined && { tag: tree.tag, boot: bootId() }),
        ...(tree.unmarked !== undefined && { unmarked: tree.unmarked }),
      },
      ...(options.code !== undefined && { code: options.code }),
    }
    const files = before === undefined ? store.create(plan.name, run) : store.open(plan.name, run)
    const own = following(options.signal)
    try {
      return await runIn(
        files,
        plan,
        graph,
        selected,
        heading,
        before,
        mask,
        options,
        lock.tookOver,
        notices,
        tree,
        own,
      )
    } finally {
      own.release()
      files.close()
    }
  } finally {
    if (options.alone) await tree.close()
    else tree.release()
    lock.release()
  }
}

async function runIn<P extends Params>(
  files: RunStore,
  plan: Plan<P>,
  graph: Graph,
  selected: ReadonlySet<number>,
  heading: Heading,
  before: Draft | undefined,
  mask: Mask,
  options: RunOptions,
  died: LockHolder | undefined,
  notices: readonly string[],
  tree: Tree,
  { controller: own }: Following,
): Promise<RunResult> {
  const { clock = systemClock, env = process.env, cwd = process.cwd(), observe = () => {} } = options
  const began = clock.monotonic()
  const journal = journalOf(files)
  const { record, current } = recorder(journal, mask, observe, before)

  record(
    before === undefined
      ? { event: 'run-started', schema: journalSchema, ...heading }
      : { event: 'run-resumed', ...heading },
  )
  await journal.settled()

  const { signal } = own
  const cancelTimeout =
    plan.timeout === undefined
      ? () => {}
      : clock.after(parseDuration(plan.timeout), () =>
          own.abort(new Problem(`the run took longer than its timeout of ${plan.timeout}`)),
        )
  const forget = tree.onLost(() => {
    own.abort(new Interrupted('somebody killed a process that guards this run (assay-sentinel)', 143, hurryMs))
    clock.after(hurryMs / 2, killPrograms)
  })
  const stopping = stoppingOf(signal, clock)
  const stops = stopsOf()
  const contexts: ContextOptions = { plan: plan.name, run: heading.run, store: files, env, cwd, mask, observe, stops }
  const announce = (text: string) => record({ event: 'announced', at: clock.now().toISOString(), text })
  if (died !== undefined)
    announce(
      `took over the lock that run ${died.run} (process ${died.pid} on ${died.host}) held since ${died.since}: that process is gone`,
    )
  for (const sentence of notices) announce(sentence)
  const sayGrace = stopping.onStop(() => {
    const slow = slowestProgram()
    if (slow !== undefined && slow.grace > 5000) announce(`${slow.name} has up to ${slow.grace / 1000} s to end`)
  })
  const changes = before && changesSince(before, heading.params, heading.code)
  if (changes !== undefined) announce(changes)
  const services = servicesOf(
    usersOf(graph, selected),
    (node) => serviceContext(contexts, node, signal, { keep: options.keep ?? false, announce, secret: mask.add }),
    (event) => record({ event: 'service', at: clock.now().toISOString(), ...event }),
    stopping,
    clock,
  )
  let swept = 0
  try {
    await execute({
      graph,
      selected,
      jobs: options.jobs ?? heading.environment.cores,
      slots: plan.slots ?? {},
      clock,
      stopping,
      services,
      paramsHash: hashOf(heading.params),
      earlier: before && earlierOf(before, heading.params, heading.code, options.store),
      contextOf: (node, attempt, signal, foreign) => stepContext(contexts, node, attempt, signal, foreign),
      record,
      settled: journal.settled,
      stops,
      bench: benchOf(graph, clock, files, options),
    })
  } catch (error) {
    own.abort(error)
    throw error
  } finally {
    cancelTimeout()
    sayGrace()
    await services.stopAll()
    forget()
    swept = await tree.sweep(options.alone ?? false)
    // Nothing is left that could outlive us; the last lines are written meanwhile.
    if (options.alone) void tree.close()
  }
  if (swept > 0) announce(`ended ${processes(swept)} that steps left behind`)
  for (const sentence of hideSecretNames(join(files.path, stepsFolder), mask)) announce(sentence)
  const policy = { strict: options.strict ?? false, allowSkip: options.allowSkip ?? false }
  const end = async (signal: AbortSignal) => {
    const { outcome, exit, reason } = summing(current(), signal, policy)
    const removes = !options.keep && outcome === 'passed'
    record({
      event: 'run-ended',
      at: clock.now().toISOString(),
      outcome,
      exit,
      duration: secondsSince(clock, began),
      ...(reason !== undefined && { reason }),
      ...(removes && { removes }),
    })
    await journal.settled()
    return { kind: 'ended', outcome, exit, run: heading.run, path: files.path, record: current() } as const
  }
  const result = await end(signal)
  if (result.record.ended?.removes === undefined) return result
  // Only now: of a run that is killed while its services' data goes, a resume would find nothing to reuse.
  await services.discardAll()
  files.remove(servicesFolder)
  // What could not be removed is worth another end; to be told to stop now is not.
  const never = AbortSignal.any([])
  return summing(current(), never, policy).outcome === 'passed' ? result : end(never)
}

/** All of a run is over within this many milliseconds of the death of a sentinel, since the next blow would find nobody on guard. */
const hurryMs = 1000
