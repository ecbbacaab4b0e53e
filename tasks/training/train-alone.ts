import { resolve } from 'node:path'
import { Problem, type TaskContext } from '../../lib/index.ts'
import { everySecond, untilRefusal } from '../pipeline/alone.ts'
import { pythonEnvironment } from '../python/environment.ts'
import { devicesHere } from './devices.ts'
import { launchTraining, type RunningTraining } from './launch.ts'
import type { TrainingReport } from './report.ts'
import { trainingSettings } from './settings.ts'
import type { Loss } from './steps/progress.ts'
import { endedBadly } from './train.ts'
import type { TrainingVariables } from './variables.ts'

/** The reference training in the person's own environment: nothing of their S3 or MLflow is kept from it. */
export async function trainAlone(variables: TrainingVariables, context: TaskContext) {
  const { NVME_ROOT = '', TRAINING_OUT = '' } = variables
  const env = {
    ...given(context.env),
    ...variables,
    NVME_ROOT: resolve(NVME_ROOT),
    TRAINING_OUT: TRAINING_OUT && resolve(TRAINING_OUT),
  }
  // Before an environment is made for it, which may take minutes.
  trainingSettings(env, devicesHere(env))
  const { python } = await pythonEnvironment('train', context)
  // The report has those of a long training no more.
  const losses: Loss[] = []
  const running = launchTraining(
    { env, python, onLine: (line) => void (line.event === 'step' && keepEnds(losses, line.loss)) },
    {
      // Told to stop by us, so that its report is had as well.
      signal: new AbortController().signal,
      log: untilRefusal(context.log),
      progress: everySecond(context.log),
    },
  )
  const report = await reportUnlessStopped(running, context)
  if (report.how === 'finished') return told(report, running.out, losses)
  if (report.how === 'refused') throw new Problem(report.reason ?? 'the training refused')
  if (!context.signal.aborted) throw endedBadly(report)
  context.emit(told(report, running.out, losses))
  context.log(howToGoOn(report))
  throw context.signal.reason
}

async function reportUnlessStopped(running: RunningTraining, { signal }: TaskContext): Promise<TrainingReport> {
  const stop = () => void running.stop()
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  try {
    return await running.report
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function told(report: TrainingReport, out: string, losses: readonly Loss[]) {
  const { how, steps, seconds, resumed, saved, checkpoints, validations, model, tracked, registered } = report
  return {
    how,
    out,
    model: model?.path,
    checkpoints: checkpoints.map(({ step, path }) => ({ step, path })),
    saved: saved.length,
    resumed: resumed?.step,
    steps: steps && { count: steps.count, first: steps.first, last: steps.last, total: steps.total },
    loss: losses.length === 0 ? undefined : { first: losses[0], last: losses.at(-1) },
    accuracy: validations.at(-1)?.accuracy,
    seconds,
    imagesPerSecond: steps?.imagesPerSecond,
    tracked,
    registered,
  }
}

/** Of all losses the first and the last. */
function keepEnds(losses: Loss[], loss: Loss | undefined): void {
  if (loss !== undefined) losses.splice(1, 1, loss)
}

function howToGoOn({ checkpoints }: TrainingReport): string {
  const newest = checkpoints.at(-1)
  if (newest === undefined) return 'Stopped before there was a checkpoint: it would begin again.'
  return `Stopped with a checkpoint of step ${newest.step}. The same command with --resume latest goes on from there.`
}

function given(env: TaskContext['env']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}
