import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type RunningProcess, startProcess } from '../../lib/shell/process.ts'
import type { StageContext } from '../pipeline/black-box-start.ts'
import { stageEnvironment } from '../pipeline/environment.ts'
import { limitedLog } from '../pipeline/limited-log.ts'
import { keepsBytecode } from '../python/programs.ts'
import { readLines } from '../training/steps/progress.ts'
import type { InferenceRun } from './run.ts'

/** What it is told beside what the run says. */
export interface Told {
  /** What it writes under, in either bucket. */
  readonly outputPrefix: string
  readonly port: number
  readonly nvmeRoot: string
  /** Seconds. */
  readonly poll: number
  readonly confidence: number
  /** Seconds from SIGTERM to SIGKILL. */
  readonly grace: number
  /** Gets each line that it writes to the descriptor for progress, which is open only then. */
  onProgress?: ((line: string) => void) | undefined
}

const reference = fileURLToPath(new URL('./reference/infer.py', import.meta.url))

export function startInference(run: InferenceRun, told: Told, context: StageContext): RunningProcess {
  if (run.command) context.foreign?.(run.command)
  return startProcess(run.command || [run.python, reference], {
    cwd: process.cwd(),
    env: environment(run, told, context),
    signal: context.signal,
    grace: told.grace * 1000,
    mask: context.mask,
    ...(context.folder !== undefined && { log: join(context.folder, 'inference.log') }),
    onLine: limitedLog(context.log),
    ...(told.onProgress && { onDescriptor3: readLines(told.onProgress).add }),
  })
}

export function commandText({ command }: InferenceRun): string {
  return command || 'the reference inference'
}

function environment(run: InferenceRun, told: Told, context: StageContext): Record<string, string> {
  const { store, input, model, mode, variables } = run
  const bucket = { hitl: store.bucket('hitl'), output: store.bucket('output') }
  const settings = {
    endpoint: store.s3.endpoint,
    // The others mean nothing to it.
    buckets: { raw: 'raw', augmented: 'augmented', normalized: 'normalized', manifests: 'manifests', ...bucket },
    inputPrefix: input.prefix,
    outputPrefix: told.outputPrefix,
    dataset: model.name,
    mode,
    pollInterval: told.poll,
    nvmeRoot: told.nvmeRoot,
    nvmeMinGb: 0.1,
    more: {
      ...(model.kind === 'registered' ? model.environment : { MODEL_PATH: model.path }),
      INFERENCE_INPUT_BUCKET: input.bucket,
      MODEL_NAME: model.name,
      ...(run.command ? {} : keepsBytecode),
      METRICS_PORT: String(told.port),
      REVIEW_CONFIDENCE: String(told.confidence),
      ...(told.onProgress && { PROGRESS_FD: '3' }),
      ...variables,
    },
  }
  return stageEnvironment(settings, context.env ?? process.env)
}
