import { rmSync } from 'node:fs'
import { Failure, type StepContext } from '../../lib/index.ts'
import { type TreeUsage, watchTree } from '../resources/tree-usage.ts'
import { launchTraining } from './launch.ts'
import { didAsAsked } from './steps/as-asked.ts'
import type { ProgressLine, StepLine } from './steps/progress.ts'
import { stopStalled, watchSteps } from './steps/watch-steps.ts'
import { endedBadly, finished, type TrainOptions } from './train.ts'
import { lossNumber } from './trained.ts'
import { type TrainingVariables, trainingEnvironment } from './variables.ts'

/** Steps at the start that do not count: what is compiled, allocated and cached on first use. */
const warm = 2

/** Milliseconds between two looks at its processes: what they take changes from epoch to epoch, not from step to step. */
export const lookEvery = 500

/** Images of a step of each instance. */
const batch = 32

/** One epoch of so many images, shared out among instances, with nothing beside its steps. */
export function epochOf(images: number, instances: number): TrainingVariables {
  return {
    IMAGES_PER_NODE: String(Math.ceil(images / instances)),
    INSTANCE_COUNT: String(instances),
    BATCH_SIZE: String(batch),
    CHECKPOINT_EVERY: '1000000',
    VALIDATE: 'no',
  }
}

/** What was seen of one training: of its steps alone, not of loading torch, staging images and saving the model. */
export interface TrainingSample {
  readonly speed: Seen<Amount>
  /** For its images. */
  readonly waiting: Seen<Amount>
  /** Seconds of all its processes in each second. */
  readonly cores: number
  /** Bytes. */
  readonly memory: number | undefined
}

export type Seen<T> = ({ readonly kind: 'seen'; readonly by: 'its word' | 'when it told of its steps' } & T) | Unseen
interface Unseen {
  readonly kind: 'unseen'
  readonly reason: string
}

/** Images of so many seconds. */
export interface Amount {
  readonly images: number
  readonly seconds: number
}

/** Steps that are timed by when they are told of: a log may be one behind, which is then two in a hundred. */
const fewestHeard = 50

interface HeardStep {
  readonly line: StepLine
  /** Seconds. */
  readonly at: number
}

export interface Epoch {
  readonly images: number
  readonly instances: number
}

/** A training of its own for one sample. Throws a Failure when it ends otherwise than finished, or tells of no step. */
export async function sampleTraining(
  { python, command, patience }: Omit<TrainOptions, 'variables'>,
  epoch: Epoch,
  context: StepContext,
): Promise<TrainingSample> {
  rmSync(context.folder, { recursive: true, force: true })
  const env = trainingEnvironment(context.folder, epochOf(epoch.images, epoch.instances), context.env)
  const steps: HeardStep[] = []
  const running = launchTraining({ env, python, command, onLine }, context)
  const stalls = watchSteps(stopStalled(running, context), patience)
  const usage = usageOfSteps(running.pid)
  function onLine(line: ProgressLine): void {
    stalls.heard(line)
    if (line.event === 'step') steps.push({ line, at: performance.now() / 1000 })
    if (line.event === 'step' && steps.length === warm) usage.begin()
    if (line.event !== 'step' && steps.length > warm) usage.end()
  }
  try {
    const report = await running.report
    const stall = stalls.stalled()
    if (stall !== undefined) throw endedBadly(report, stall)
    finished(report)
    const lost = steps.find(({ line: { loss } }) => loss !== undefined && !Number.isFinite(lossNumber(loss)))
    if (lost !== undefined)
      throw new Failure(`its loss is no number from step ${lost.line.step} on, and its speed that of no training`)
    const counted = steps.slice(warm).map(({ line }) => line)
    return { speed: speedIn(counted) ?? speedBetween(steps, epoch), waiting: waitingIn(counted), ...usage.end() }
  } finally {
    stalls.end()
    usage.end()
  }
}

const sumOf = (steps: readonly StepLine[], of: (step: StepLine) => number | undefined) =>
  steps.reduce((all, step) => all + (of(step) ?? 0), 0)

/** As it says itself; undefined where it doesn't. */
function speedIn(steps: readonly StepLine[]): Seen<Amount> | undefined {
  const amount = { images: sumOf(steps, (step) => step.images), seconds: sumOf(steps, (step) => step.step_seconds) }
  return amount.images > 0 && amount.seconds > 0 ? { kind: 'seen', by: 'its word', ...amount } : undefined
}

/**
 * Between the moments at which it told of steps, where it does an epoch in as many steps as it was asked to: then those have the images that
 * they were to have.
 */
function speedBetween(steps: readonly HeardStep[], { images, instances }: Epoch): Seen<Amount> {
  const asked = Math.ceil(Math.ceil(images / instances) / batch)
  const [from, to] = [steps[warm - 1], steps.at(-1)]
  const unseen = (reason: string): Unseen => {
    const help = "it does not say 'step_seconds' and 'images' of its steps on PROGRESS_FD, "
    return { kind: 'unseen', reason: help + reason }
  }
  const span = (to?.line.step ?? 0) - (from?.line.step ?? 0)
  if (from === undefined || to === undefined || span < fewestHeard || to.at <= from.at)
    return unseen(
      `and tells of ${Math.max(0, span)} steps after its first two, where it takes ${fewestHeard} to time them by that: give it more images (--set counts=…)`,
    )
  const told = steps.map(({ line }) => line.step)
  if (!didAsAsked(told, asked))
    return unseen(
      `and does ${to.line.step} steps where ${images} images in batches of ${batch} are ${asked}: it does not heed IMAGES_PER_NODE and BATCH_SIZE`,
    )
  const amount = { images: span * batch * instances, seconds: to.at - from.at }
  return { kind: 'seen', by: 'when it told of its steps', ...amount }
}

function waitingIn(steps: readonly StepLine[]): Seen<Amount> {
  const told = steps.filter(
    ({ step_seconds, data_seconds }) => step_seconds !== undefined && data_seconds !== undefined,
  )
  const [images, seconds] = [sumOf(told, (step) => step.images), sumOf(told, (step) => step.data_seconds)]
  if (images > 0) return { kind: 'seen', by: 'its word', images, seconds }
  const reason = "it does not say 'step_seconds', 'data_seconds' and 'images' of its steps on PROGRESS_FD"
  return { kind: 'unseen', reason }
}

/** What a tree of processes takes between two moments; memory is that of its whole life until then. */
function usageOfSteps(leader: number | undefined) {
  let from = performance.now()
  let watch = leader === undefined ? undefined : watchTree(leader, lookEvery)
  let before: TreeUsage | undefined
  let usage: Pick<TrainingSample, 'cores' | 'memory'> | undefined
  const ended = () => {
    const after = watch?.stop(undefined)
    const peaks = [before?.memory, after?.memory].filter((bytes) => bytes !== undefined)
    const cpuSeconds = (after?.cpuSeconds ?? 0) - (before?.cpuSeconds ?? 0)
    return {
      cores: (1000 * cpuSeconds) / (performance.now() - from),
      memory: peaks.length > 0 ? Math.max(...peaks) : undefined,
    }
  }
  return {
    begin() {
      before = watch?.stop(undefined)
      from = performance.now()
      if (leader !== undefined) watch = watchTree(leader, lookEvery)
    },
    end() {
      usage ??= ended()
      return usage
    },
  }
}
