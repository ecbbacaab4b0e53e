import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Problem, type StepContext, type Stopped, type WorkContext } from '../../lib/index.ts'
import { signalGroup } from '../../lib/shell/group.ts'
import { startProcess } from '../../lib/shell/process.ts'
import { limitedLog } from '../pipeline/limited-log.ts'
import { keepsBytecode } from '../python/programs.ts'
import { devicesHere } from './devices.ts'
import { endLeftBehind, sittingVariable } from './left-behind.ts'
import type { TrainingReport } from './report.ts'
import { reportOf } from './report-of.ts'
import { type Devices, trainingSettings } from './settings.ts'
import { followTraining } from './steps/follow.ts'
import type { Loss, ProgressLine } from './steps/progress.ts'
import { followTracked } from './steps/tracked-steps.ts'

/** A step's context is one. */
export interface TrainingContext extends WorkContext {
  readonly mask?: StepContext['mask']
  /** Gets the training's whole log as `<name>.log` and every line of its progress as `<name>.jsonl`. */
  readonly folder?: string
  foreign?(command: string): void
}

export interface TrainingRun {
  /** The whole environment: the contract's variables, which are checked here, and whatever the training reads besides. */
  readonly env: Readonly<Record<string, string>>
  /** An interpreter with the reference training's packages. */
  readonly python: string
  /** A shell command line in place of the reference training. */
  readonly command?: string | undefined
  /** The newest whole checkpoint, or the path of one. */
  readonly resume?: string | undefined
  /** Of its files in the context's folder; `training` when absent. */
  readonly name?: string | undefined
  /** Seconds from SIGTERM to SIGKILL, in which it may save a checkpoint; 60 when absent. */
  readonly grace?: number | undefined
  /** The machine's own when absent. */
  readonly devices?: Devices | undefined
  /** Gets each line of progress as it comes. */
  onLine?: ((line: ProgressLine) => void) | undefined
}

export interface RunningTraining {
  /** Of its process group too; undefined when it could not be started. */
  readonly pid: number | undefined
  /** The folder that it was told to leave its checkpoints and its model in. */
  readonly out: string
  /** Resolves once nothing of it runs, however it ended. Rejects with a Problem when it could not be started, and with the reason of an aborted context. */
  readonly report: Promise<TrainingReport>
  /** SIGTERM, the grace or less (seconds), SIGKILL. */
  stop(within?: number): Promise<Stopped>
  /** Sends a signal to the whole group, as a terminal would, or a machine that ends it without a word. */
  signal(name: NodeJS.Signals): void
}

/** Stands for its command where none was given. */
export const referenceWords = 'the reference training'

/** The program of the reference training. */
export const reference = fileURLToPath(new URL('./reference/train.py', import.meta.url))

/**
 * Starts a training as a black box. Throws a Problem before anything is started or fetched when a variable is missing, out of range or
 * in contradiction to another.
 */
export function launchTraining(run: TrainingRun, context: TrainingContext): RunningTraining {
  const env = { ...run.env, PROGRESS_FD: '3', ...(run.resume !== undefined && { RESUME: run.resume }) }
  const settings = trainingSettings(env, run.devices ?? devicesHere(env))
  const out = run.env.TRAINING_OUT || join(settings.NVME_ROOT, 'output', settings.DATASET_ID)
  const { name = 'training', grace = 60 } = run
  const sitting = crypto.randomUUID()
  const artifact = (ending: string) => context.folder && join(context.folder, `${name}.${ending}`)
  const foreign = run.command !== undefined && run.command !== ''
  if (run.command) context.foreign?.(run.command)
  const command = run.command || referenceCommand(run.python, settings.INSTANCE_COUNT)
  const series = artifact('jsonl')
  const onLine = tellProgress(context, run.onLine)
  const follower = followTraining({ series, readLog: foreign, onLine })
  const forward = limitedLog(context.log)
  const from = performance.now()
  const child = startProcess(command, {
    cwd: process.cwd(),
    env: { ...env, ...(foreign ? {} : keepsBytecode), TRAINING_OUT: out, [sittingVariable]: sitting },
    signal: context.signal,
    grace: grace * 1000,
    mask: context.mask,
    log: artifact('log'),
    onDescriptor3: follower.progress,
    onRedraw: follower.log,
    onLine(line) {
      follower.log(line)
      forward(line)
    },
  })
  const trackedSteps = foreign
    ? followTracked(env, {
        signal: context.signal,
        wanted: () => !follower.tells(),
        onStep: tellProgress(context, run.onLine, ', read from MLflow'),
      })
    : undefined
  let told = false
  const signal = (name: NodeJS.Signals) => {
    told = true
    if (child.pid !== undefined) signalGroup(child.pid, name)
  }
  const report = async () => {
    const end = await child.done
    const seconds = (performance.now() - from) / 1000
    const stop = await child.stop()
    const shown = await trackedSteps?.end()
    // Steps that only the log or MLflow tells of are kept here, also where the run is to stop.
    const heard = follower.heard(shown?.steps)
    if (heard.source === 'mlflow') context.log(`steps read from MLflow, run ${shown?.tracked?.run}`)
    if (heard.left > 0) context.log(`${heard.left} lines that tell of more steps or events are not kept`)
    // Those that were told to end may need a moment more than who started them.
    const left = child.left() + endLeftBehind(sitting)
    const leftBehind = told || stop !== 'by itself' ? 0 : left
    if (leftBehind > 0) context.log(`ended ${leftBehind} processes that the training left behind`)
    if (context.signal.aborted) context.stopped?.(stop)
    context.signal.throwIfAborted()
    if (end.kind === 'not-started') throw new Problem(end.sentence)
    return reportOf({
      command: run.command || referenceWords,
      // Where another training puts its checkpoints only it knows.
      out: foreign ? settings.NVME_ROOT : out,
      heard,
      shown,
      leftBehind,
      series,
      end,
      stop,
      seconds,
      last: child.lastLines(20),
    })
  }
  const reported = report()
  // Whoever waits for it gets its error; nobody waiting yet must not end the process that runs us.
  reported.catch(() => {})
  return {
    pid: child.pid,
    out,
    report: reported,
    async stop(within = grace) {
      const timer = setTimeout(() => signal('SIGKILL'), Math.min(within, grace) * 1000)
      try {
        return await child.stop()
      } finally {
        clearTimeout(timer)
      }
    },
    signal,
  }
}

function tellProgress({ progress }: TrainingContext, onLine: TrainingRun['onLine'], how = '') {
  let total = ''
  return (line: ProgressLine) => {
    if (line.event === 'started' && line.steps !== undefined) total = ` of ${line.steps}`
    if (line.event === 'step') progress(`step ${line.step}${total}${lossText(line.loss)}${how}`)
    onLine?.(line)
  }
}

function lossText(loss: Loss | undefined): string {
  if (loss === undefined) return ''
  return `, loss ${typeof loss === 'number' ? loss.toPrecision(4) : loss}`
}

function referenceCommand(python: string, instances: number): readonly string[] {
  if (instances === 1) return [python, reference]
  const torchrun = ['-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', String(instances)]
  return [python, ...torchrun, reference]
}
