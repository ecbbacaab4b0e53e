import { buildGraph } from '../plan/build.ts'
import { type Params, parseParams } from '../plan/param.ts'
import type { Plan } from '../plan/plan.ts'
import { cannot } from '../plan/problem.ts'
import type { Heading } from '../record/event.ts'
import { bootId, thisProcess } from '../record/holder.ts'
import type { Mask } from '../record/mask.ts'
import { runId } from '../record/run-id.ts'
import type { Lock } from '../record/store.ts'
import { holdTree } from '../shell/tree.ts'
import { systemClock } from './clock.ts'
import { environmentOf } from './environment.ts'
import { following } from './following.ts'
import { endLeftBehind, removeLeft } from './left-behind.ts'
import { namedNodes, nothingToDo } from './nodes.ts'
import { givenParams, recordedParams } from './params.ts'
import { checkPreconditions, checkServices } from './preconditions.ts'
import { readRun } from './read-run.ts'
import type { RunOptions, RunResult } from './run-options.ts'
import { maskFor, refuseSecretNames, withoutSecrets } from './secrets.ts'
import { select } from './select.ts'
import { runSitting } from './sitting.ts'

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
  await checkServices(graph, selected, env, options.signal)

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
      const { controller } = own
      return await runSitting(
        { plan, graph, selected, heading, before, files, mask, tree, own: controller, died: lock.tookOver, notices },
        options,
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
