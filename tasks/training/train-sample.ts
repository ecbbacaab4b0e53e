import { rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { Failure, quantity, type StepContext } from '../../lib/index.ts'
import { type TreeUsage, watchTree } from '../resources/tree-usage.ts'
import { launchTraining } from './launch.ts'
import type { ProgressLine, StepLine } from './progress.ts'
import { endedBadly, type TrainOptions } from './train.ts'
import { lossNumber } from './trained.ts'
import { type TrainingVariables, trainingEnvironment } from './variables.ts'
import { stopStalled, watchSteps } from './watch-steps.ts'

/** Steps at the start that do not count: what is compiled, allocated and cached on first use. */
const warm = 2

/** Milliseconds between two looks at its processes: what they take changes from epoch to epoch, not from step to step. */
export const lookEvery = 500

/** One epoch of so many images, shared out among instances, with nothing beside its steps. */
export function epochOf(images: number, instances: number): TrainingVariables {
  return {
    IMAGES_PER_NODE: String(Math.ceil(images / instances)),
    INSTANCE_COUNT: String(instances),
    BATCH_SIZE: '32',
    CHECKPOINT_EVERY: '1000000',
    VALIDATE: 'no',
  }
}

/**
 * A training of its own for one sample. Its metrics are of its steps alone: loading torch, staging images and saving the model are not
 * in them. Throws a Failure when it ends otherwise than finished, or says too little of its steps.
 */
export async function sampleTraining({ python, command, variables }: TrainOptions, context: StepContext) {
  rmSync(context.folder, { recursive: true, force: true })
  const env = trainingEnvironment(context.folder, variables, context.env)
  const steps: StepLine[] = []
  const running = launchTraining({ env, python, command, onLine }, context)
  const stalls = watchSteps(stopStalled(running, context))
  const usage = usageOfSteps(running.pid)
  function onLine(line: ProgressLine): void {
    stalls.heard(line)
    if (line.event === 'step') steps.push(line)
    if (line.event === 'step' && steps.length === warm) usage.begin()
    if (line.event !== 'step' && steps.length > warm) usage.end()
  }
  try {
    const report = await running.report
    const stall = stalls.stalled()
    if (stall !== undefined || report.how !== 'finished') throw endedBadly(report, stall)
    const lost = steps.find(({ loss }) => loss !== undefined && !Number.isFinite(lossNumber(loss)))
    if (lost !== undefined)
      throw new Failure(`its loss is no number from step ${lost.step} on, and its speed that of no training`)
    return metricsOf(steps.slice(warm), usage.end())
  } finally {
    stalls.end()
    usage.end()
  }
}

/** What a tree of processes takes between two moments; memory is that of its whole life until then. */
function usageOfSteps(leader: number | undefined) {
  let watch = leader === undefined ? undefined : watchTree(leader, lookEvery)
  let before: TreeUsage | undefined
  let usage: TreeUsage | undefined
  return {
    begin() {
      before = watch?.stop(undefined)
      if (leader !== undefined) watch = watchTree(leader, lookEvery)
    },
    end(): { readonly cpuSeconds: number; readonly memory: number | undefined } {
      usage ??= watch?.stop(undefined)
      const peaks = [before?.memory, usage?.memory].filter((bytes) => bytes !== undefined)
      return {
        cpuSeconds: (usage?.cpuSeconds ?? 0) - (before?.cpuSeconds ?? 0),
        memory: peaks.length > 0 ? Math.max(...peaks) : undefined,
      }
    },
  }
}

function metricsOf(
  steps: readonly StepLine[],
  { cpuSeconds, memory }: ReturnType<ReturnType<typeof usageOfSteps>['end']>,
) {
  const sum = (of: (step: StepLine) => number | undefined) => steps.reduce((all, step) => all + (of(step) ?? 0), 0)
  const seconds = sum((step) => step.step_seconds)
  const waited = sum((step) => step.data_seconds)
  const images = sum((step) => step.images)
  if (seconds <= 0 || images <= 0)
    throw new Failure(
      "it does not say 'step_seconds' and 'images' of its steps on PROGRESS_FD, which its speed is worked out of",
    )
  return {
    rate: quantity(images / seconds, 'img/s'),
    time: quantity(seconds, 's'),
    loader: quantity(waited > 0 ? images / waited : 0, 'img/s'),
    waiting: quantity((100 * waited) / seconds, '%'),
    cpu: quantity((100 * cpuSeconds) / seconds / availableParallelism(), '%'),
    memory: quantity((memory ?? 0) / 1e6, 'MB'),
  }
}
