import type { StepContext } from '../plan/context.ts'
import { type Graph, needsOf, type ServiceNode, type WorkNode } from '../plan/graph.ts'
import type { Outcome, RunEvent, StepEnded } from '../record/event.ts'
import { attempt, attemptOnce, type Stopping } from './attempt.ts'
import type { Bench } from './bench.ts'
import { type Clock, secondsSince } from './clock.ts'
import { hashOf, inputsHash } from './identity.ts'
import { handOn, type Performed, performed, workOf } from './perform.ts'
import { type Decision, decide, type Earlier } from './reuse.ts'
import { schedulerOf } from './scheduler.ts'
import type { Services } from './services.ts'
import type { Stops } from './stops.ts'

/** What the engine needs of the world around it. */
export interface Engine {
  readonly graph: Graph
  readonly selected: ReadonlySet<number>
  readonly jobs: number
  readonly slots: Readonly<Record<string, number>>
  readonly clock: Clock
  readonly stopping: Stopping
  readonly services: Services
  readonly stops: Stops
  readonly bench: Bench
  /** Of the parameters that are not secret. */
  readonly paramsHash: string
  readonly earlier: Earlier | undefined
  /** `foreign` is told of each command that the node runs whose program is not of the repository. */
  contextOf(node: WorkNode, attempt: number, signal: AbortSignal, foreign: (command: string) => void): StepContext
  /** Records an event; throws when it cannot be recorded, which ends the run. */
  record(event: RunEvent): void
  /** Resolves when all that was recorded outlives a power cut. */
  settled(): Promise<void>
}

/** How a node ended and what it hands on. */
interface Result {
  readonly outcome: Outcome
  readonly handedOn: unknown
  readonly hash: string
}

/**
 * Runs every selected node of the graph, each after its needs. Resolves when all have ended, whatever their outcomes;
 * rejects only when the run can no longer be recorded.
 */
export function execute(engine: Engine): Promise<void> {
  const { graph, selected, clock, stopping } = engine
  const results: (Result | undefined)[] = new Array(graph.nodes.length)
  const unmet = new Uint32Array(graph.nodes.length)
  const dependants: number[][] = []
  const scheduler = schedulerOf({ get: workNode }, engine.jobs, engine.slots)
  let open = 0

  function workNode(index: number): WorkNode {
    const node = graph.nodes[index]
    if (node === undefined || node.kind === 'service') throw new Error(`Internal error: node ${index} is no work`)
    return node
  }

  return new Promise((resolve, reject) => {
    for (const node of graph.nodes) {
      if (node.kind === 'service' || !selected.has(node.index)) continue
      open++
      for (const need of needsOf(node)) {
        if (graph.nodes[need]?.kind === 'service') continue
        unmet[node.index] = (unmet[node.index] ?? 0) + 1
        const list = dependants[need] ?? []
        dependants[need] = list
        list.push(node.index)
      }
      if (unmet[node.index] === 0) scheduler.ready(node.index)
    }
    if (open === 0) return resolve()
    stopping.onStop(pump)
    pump()

    function pump(): void {
      for (let index = scheduler.next(); index !== undefined; index = scheduler.next())
        void run(workNode(index)).catch(reject)
    }

    async function run(node: WorkNode): Promise<void> {
      const { inputs, ...end } = await perform(node)
      const ended: StepEnded = {
        event: 'step-ended',
        at: clock.now().toISOString(),
        step: node.name,
        duration: 0,
        ...end.ended,
        ...(inputs !== undefined && { inputs: inputs.hash, needs: inputs.needs }),
      }
      engine.record(ended)
      // The slot is free at once; only those who build on this end wait until it is safe, and share the wait.
      scheduler.finished(node.index)
      pump()
      await engine.settled()
      results[node.index] = { outcome: ended.outcome, handedOn: end.handedOn, hash: hashOf(ended.output) }
      await Promise.all(servicesNeeded(node).map((service) => engine.services.release(service)))
      for (const dependant of dependants[node.index] ?? []) {
        unmet[dependant] = (unmet[dependant] ?? 1) - 1
        if (unmet[dependant] === 0) scheduler.ready(dependant)
      }
      if (--open === 0) resolve()
      else pump()
    }
  })

  type End = Omit<Performed, 'ended'> & {
    readonly ended: Performed['ended'] &
      Pick<StepEnded, 'attempts' | 'reused' | 'because' | 'started' | 'stopped' | 'foreign'> &
      Partial<Pick<StepEnded, 'duration'>>
    readonly inputs?: { readonly hash: string; readonly needs: Readonly<Record<string, string>> }
  }

  function skipped(reason: string): End {
    return { ended: { outcome: 'skipped', reason, attempts: 0 }, handedOn: undefined }
  }

  async function perform(node: WorkNode): Promise<End> {
    // The reason itself is told once, by the run.
    if (stopping.signal.aborted) return skipped('because the run was stopped')
    for (const need of needsOf(node)) {
      const result = results[need]
      if (result !== undefined && result.outcome !== 'passed')
        return skipped(`because ${graph.nodes[need]?.name} ${wordOf(result.outcome)}`)
    }
    const needs: Record<string, string> = {}
    for (const [name, need] of Object.entries(node.needs))
      needs[name] =
        typeof need === 'number'
          ? (results[need]?.hash ?? 'service')
          : hashOf(need.map((i) => results[i]?.hash ?? null))
    const identity = { hash: inputsHash(engine.paramsHash, needs), needs }

    const decision = decide(engine.earlier, node, identity.hash, needs)
    if (decision.kind === 'reuse') {
      const reused = await reuse(node, decision)
      if (reused.kind === 'reused') return { ...reused.end, inputs: identity }
      return { ...(await runIt(node, reused.because)), inputs: identity }
    }
    return { ...(await runIt(node, decision.because)), inputs: identity }
  }

  type Reused = { readonly kind: 'reused'; readonly end: End } | { readonly kind: 'not'; readonly because: string }

  async function reuse(node: WorkNode, { ended, because }: Extract<Decision, { kind: 'reuse' }>): Promise<Reused> {
    const { output, metrics, sampling, foreign } = ended
    let handedOn: unknown = output
    if (node.kind === 'step') {
      try {
        handedOn = handOn(node, output)
      } catch {
        return { kind: 'not', because: 'its output no longer fits its schema' }
      }
      const { stillThere } = node
      if (stillThere !== undefined) {
        const inputs = await inputsOf(node)
        if (inputs.kind === 'missing') return { kind: 'not', because: inputs.reason }
        const proof = await attemptOnce(
          node,
          (signal) => stillThere(handedOn, inputs.values, engine.contextOf(node, 1, signal, unheard)),
          stopping,
          clock,
        )
        if (proof.kind !== 'returned')
          return { kind: 'not', because: `what it left could not be proven: ${proof.reason}` }
        if (proof.value !== true) return { kind: 'not', because: 'what it left is no longer there' }
      }
    }
    const kept = {
      duration: ended.duration,
      ...(ended.started !== undefined && { started: ended.started }),
      ...(output !== undefined && { output }),
      ...(metrics !== undefined && { metrics }),
      ...(sampling !== undefined && { sampling }),
      ...(foreign !== undefined && { foreign }),
    }
    return {
      kind: 'reused',
      end: { ended: { outcome: 'passed', attempts: 0, reused: true, because, ...kept }, handedOn },
    }
  }

  async function runIt(node: WorkNode, because: string | undefined): Promise<End> {
    const started = (attempt: number, why: string | undefined) =>
      engine.record({
        event: 'step-started',
        at: clock.now().toISOString(),
        step: node.name,
        attempt,
        ...(why !== undefined && { because: why }),
      })
    const inputs = await inputsOf(node)
    if (inputs.kind === 'missing') return skipped(inputs.reason)
    if (node.skipUnless !== undefined) {
      const { skipUnless } = node
      const said = await attemptOnce(
        node,
        (signal) => skipUnless(inputs.values, engine.contextOf(node, 1, signal, unheard)),
        stopping,
        clock,
      )
      if (said.kind !== 'returned') {
        const { ended, handedOn } = performed(node, said)
        return { ended: { ...ended, attempts: 0 }, handedOn }
      }
      if (said.value !== true) return skipped(String(said.value))
    }
    const began = clock.monotonic()
    const at = clock.now().toISOString()
    started(1, because)
    // From here on its earlier end is void, which must not be forgotten while the world changes.
    if (engine.earlier?.steps.get(node.name)?.passed !== undefined) await engine.settled()
    const foreign: string[] = []
    const noteForeign = (command: string) => {
      if (!foreign.includes(command)) foreign.push(command)
    }
    const { attempted, attempts } = await attempt(
      node,
      (number, signal) => engine.contextOf(node, number, signal, noteForeign),
      workOf(node, inputs.values, engine.bench),
      stopping,
      clock,
      (number, reason) => started(number, `attempt ${number - 1} did not pass: ${reason}`),
    )
    const stops = engine.stops.of(node.name)
    const stopped = stops && (await stops)
    const { ended, handedOn } = performed(node, attempted)
    const noted = foreign.length > 0 && { foreign }
    return {
      ended: {
        ...ended,
        started: at,
        duration: secondsSince(clock, began),
        attempts,
        ...noted,
        ...(stopped && { stopped }),
      },
      handedOn,
    }
  }

  type Given =
    | { readonly kind: 'given'; readonly values: Record<string, unknown> }
    | { readonly kind: 'missing'; readonly reason: string }

  async function inputsOf(node: WorkNode): Promise<Given> {
    const values: Record<string, unknown> = {}
    for (const [name, need] of Object.entries(node.needs)) {
      const list: unknown[] = []
      for (const index of typeof need === 'number' ? [need] : need) {
        const needed = graph.nodes[index]
        if (needed?.kind === 'service') {
          const service = await engine.services.ensure(needed)
          if (service.kind === 'errored') return { kind: 'missing', reason: `because ${needed.name} errored` }
          list.push(service.client)
        } else list.push(results[index]?.handedOn)
      }
      values[name] = typeof need === 'number' ? list[0] : list
    }
    return { kind: 'given', values }
  }

  function servicesNeeded(node: WorkNode): readonly ServiceNode[] {
    return needsOf(node).flatMap((index) => {
      const needed = graph.nodes[index]
      return needed?.kind === 'service' ? [needed] : []
    })
  }
}

/** Of a question about a node, which is no part of what it hands on. */
const unheard = () => {}

function wordOf(outcome: Outcome): string {
  return outcome === 'skipped' || outcome === 'aborted' ? `was ${outcome}` : outcome
}
