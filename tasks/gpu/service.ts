import { Problem, type RunningService, type Service, type ServiceContext, type WorkContext } from '../../lib/index.ts'
import type { DeviceFacts } from './kernel.ts'
import { telemetryOf } from './telemetry/open.ts'
import type { Telemetry } from './telemetry/telemetry.ts'
import type { SeenAdapter, ToggleSeen } from './worker/answers.ts'
import type { Bench } from './worker/bench.ts'
import { absence } from './worker/hints.ts'
import { type FoundGpu, type GpuWorker, openWorker } from './worker/open-worker.ts'
import { workersOf } from './worker/workers.ts'

/** What a step is given for a GPU: one that is there, or in a few words why there is none. */
export type GpuClient = { readonly kind: 'absent'; readonly sentence: string } | PresentGpu

export interface PresentGpu extends Bench {
  readonly kind: 'present'
  readonly facts: DeviceFacts
  /** What was switched in Dawn, and whether its effect is seen. */
  readonly toggles: readonly ToggleSeen[]
  /** All adapters that there are. */
  readonly adapters: readonly SeenAdapter[]
  /** What the card says of itself meanwhile. */
  readonly telemetry: Telemetry
  /** Bytes of memory that the card has; undefined where nobody tells. */
  readonly memory: number | undefined
  /** Of the workers that use it for this run. */
  pids(): readonly number[]
  /** A worker of the step's own, which it stops: for what may end a worker, or must find memory as nobody used it. */
  open(context: Pick<WorkContext, 'signal' | 'log'>, options?: { readonly unchecked?: boolean }): Promise<GpuWorker>
}

/** For `skipUnless: ({ gpu }) => present(gpu)`. */
export function present(gpu: GpuClient): true | string {
  return gpu.kind === 'present' ? true : gpu.sentence
}

/** For what needs features of WebGPU beside. */
export function capable(gpu: GpuClient, features: readonly string[]): true | string {
  if (gpu.kind === 'absent') return gpu.sentence
  const missing = features.filter((feature) => !gpu.facts.features.includes(feature))
  return missing.length === 0 ? true : `${gpu.facts.name} is without ${missing.join(', ')}`
}

/** For the function of a step that is skipped otherwise. */
export function presentGpu(gpu: GpuClient): PresentGpu {
  if (gpu.kind === 'present') return gpu
  throw new Problem(gpu.sentence)
}

/** As the driver names it. */
export function nameOf(gpu: GpuClient): string {
  return presentGpu(gpu).facts.name
}

/**
 * The GPU that a plan's steps use, through WebGPU in a process that it may crash: `hardware` (never the CPU), `software` (the CPU), or part of
 * an adapter's name, which is a mistake where none has it. Without one of the kind it starts as well, so that steps can be skipped with the
 * reason.
 */
export function gpu(adapter: string): Service<GpuClient> {
  return {
    name: 'gpu',
    async start(context) {
      const found = await openWorker({ adapter, unchecked: false }, context)
      if (found.kind === 'none') return absent(adapter, found, context)
      const telemetry = await watched(found.gpu.facts, context)
      return running(adapter, found, { telemetry, memory: await memoryOf(telemetry) }, context)
    },
  }
}

async function memoryOf(telemetry: Telemetry): Promise<number | undefined> {
  const look = telemetry.kind === 'none' ? undefined : await telemetry.look()
  return look?.state === 'seen' ? look.memoryTotal : undefined
}

async function watched(facts: DeviceFacts, context: ServiceContext): Promise<Telemetry> {
  const telemetry = await telemetryOf(facts, context)
  if (telemetry.kind !== 'none' && telemetry.note !== undefined) context.announce(`${telemetry.note}.`)
  if (telemetry.kind === 'none' && facts.kind === 'hardware')
    context.announce(`Samples are taken without looking at the card: ${telemetry.sentence}.`)
  return telemetry
}

function absent(
  adapter: string,
  { all, why }: Extract<FoundGpu, { kind: 'none' }>,
  { env, announce }: ServiceContext,
): RunningService<GpuClient> {
  const sentence = why ?? absence(adapter, all, env)
  // A person's mistake where there are others, and no less where there are none.
  if (why === undefined && adapter !== 'hardware' && adapter !== 'software') throw new Problem(sentence)
  // Once, and not with every step that is skipped for it.
  announce(sentence)
  const client: GpuClient = { kind: 'absent', sentence: shortAbsence(adapter, why) }
  return { client, detail: 'none', absent: true, ready: async () => {}, stop: async () => {} }
}

/** Says enough to whoever reads nothing but a step's own row. */
function shortAbsence(adapter: string, why: string | undefined): string {
  if (why !== undefined) return 'no WebGPU that can be loaded'
  return adapter === 'software' ? 'no software adapter that WebGPU finds' : 'no GPU that WebGPU finds'
}

function running(
  adapter: string,
  { gpu: first, all }: Extract<FoundGpu, { kind: 'opened' }>,
  card: Pick<PresentGpu, 'telemetry' | 'memory'>,
  context: ServiceContext,
): RunningService<GpuClient> {
  const { facts, toggles } = first
  const { telemetry } = card
  for (const sentence of remarks(facts, toggles, all)) context.announce(sentence)
  const { name, driver } = facts
  const openMore = async (unchecked: boolean, { signal, log }: Pick<WorkContext, 'signal' | 'log'>) => {
    const found = await openWorker({ adapter, unchecked }, { env: context.env, signal, log })
    if (found.kind === 'none') throw new Problem(`${name} was there when the run began, and is there no more`)
    for (const sentence of switched(found.gpu.toggles)) context.announce(sentence)
    return found.gpu
  }
  const { bench, open, pids, stop } = workersOf(first, openMore, context)
  return {
    client: {
      kind: 'present',
      facts,
      toggles,
      adapters: all,
      ...card,
      pids,
      ...bench,
      open: (context, { unchecked = false } = {}) => open(unchecked, context),
    },
    detail: `${labelOf(facts)}, ${driver}`,
    gpu: { name: labelOf(facts), driver },
    ready: async () => {},
    stop: () => Promise.all([stop(), ...(telemetry.kind === 'none' ? [] : [telemetry.close()])]),
  }
}

/** As rows and pages name it. */
export function labelOf({ name, kind }: Pick<DeviceFacts, 'name' | 'kind'>): string {
  return kind === 'software' ? `${name} · software` : name
}

/** What a person should know before numbers come. */
export function remarks(
  facts: DeviceFacts,
  toggles: readonly ToggleSeen[],
  all: readonly SeenAdapter[],
  flag = '--set adapter=',
): readonly string[] {
  const names = all.map(({ name }) => name)
  const others = names.some((name) => name !== facts.name)
  return [
    ...(others
      ? [`There are ${all.length} adapters (${names.join(', ')}): ${facts.name} is used; ${flag}NAME takes another.`]
      : []),
    ...(all.filter(({ name, backend }) => name === facts.name && backend === facts.backend).length > 1
      ? [`Several adapters are called ${facts.name}, which WebGPU cannot tell apart: the first is used.`]
      : []),
    ...(facts.kind === 'software'
      ? [`${facts.name} is the CPU: what it computes is judged, its speed says nothing of a card.`]
      : []),
    ...switched(toggles),
  ]
}

function switched(toggles: readonly ToggleSeen[]): readonly string[] {
  return toggles.flatMap(({ name, asked, seen, how }) =>
    seen === 'no' ? [`Dawn was asked to have ${name} ${asked}, and it does not show: ${how}.`] : [],
  )
}
