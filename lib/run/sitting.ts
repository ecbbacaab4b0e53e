import { join } from 'node:path'
import { parseDuration } from '../plan/duration.ts'
import type { Graph } from '../plan/graph.ts'
import type { Params } from '../plan/param.ts'
import type { Plan } from '../plan/plan.ts'
import { Problem } from '../plan/problem.ts'
import { type Heading, journalSchema } from '../record/event.ts'
import { journalOf } from '../record/journal.ts'
import type { Mask } from '../record/mask.ts'
import type { Draft } from '../record/run-record.ts'
import type { LockHolder, RunStore } from '../record/store.ts'
import { killPrograms, slowestProgram } from '../shell/programs.ts'
import type { Tree } from '../shell/tree.ts'
import { hideSecretNames } from './artifact-names.ts'
import { stoppingOf } from './attempt.ts'
import { benchOf } from './bench.ts'
import { secondsSince, systemClock } from './clock.ts'
import { type ContextOptions, serviceContext, servicesFolder, stepContext, stepsFolder } from './context.ts'
import { execute } from './engine.ts'
import { hashOf } from './identity.ts'
import { processes } from './left-behind.ts'
import { usersOf } from './nodes.ts'
import { recorder } from './recorder.ts'
import { changesSince, earlierOf } from './reuse.ts'
import type { RunOptions, RunResult } from './run-options.ts'
import { servicesOf } from './services.ts'
import { stopsOf } from './stops.ts'
import { Interrupted, summing } from './summing.ts'

/** What a run goes on with from its first line to its end. */
export interface Sitting {
  readonly plan: Plan<Params>
  readonly graph: Graph
  readonly selected: ReadonlySet<number>
  readonly heading: Heading
  /** What an earlier sitting of the run left. */
  readonly before: Draft | undefined
  readonly files: RunStore
  readonly mask: Mask
  readonly tree: Tree
  /** Stops it. */
  readonly own: AbortController
  /** Who had its lock, and died. */
  readonly died: LockHolder | undefined
  /** What is to be said at its begin. */
  readonly notices: readonly string[]
}

/** Runs the selected nodes, and records what comes of it. */
export async function runSitting(sitting: Sitting, options: RunOptions): Promise<RunResult> {
  const { plan, graph, selected, heading, before, files, mask, tree, own, died, notices } = sitting
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
