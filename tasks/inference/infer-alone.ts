import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { cannot, Failure, Problem, type TaskContext, withHome } from '../../lib/index.ts'
import type { S3 } from '../object-store/client.ts'
import { everySecond, untilRefusal } from '../pipeline/alone.ts'
import { refuseCrash } from '../pipeline/black-box-expect.ts'
import { endOf } from '../pipeline/black-box-observe.ts'
import { uploadImages } from '../pipeline/source-images.ts'
import { refuseMissingBuckets, stageStore } from '../pipeline/stage/stage-store.ts'
import { s3Uri } from '../pipeline/uri.ts'
import { pythonEnvironment } from '../python/environment.ts'
import type { Place } from './documents.ts'
import { classesOf } from './ground.ts'
import { defaultWaits, type ModelAsked } from './run.ts'
import { startInference } from './start.ts'
import { type Sum, summing } from './told-progress.ts'

export interface InferOptions {
  /** A folder or a registered name; that of `MODEL_NAME` when empty. */
  readonly model: string
  /** A folder; none when empty. */
  readonly images: string
  readonly inputBucket: string
  readonly inputPrefix: string
  readonly outputBucket: string
  readonly reviewBucket: string
  readonly outputPrefix: string
  readonly reviewConfidence: number
  readonly mode: 'once' | 'poll'
  readonly pollInterval: number
  readonly nvmeRoot: string
  readonly nvmeMinGb: number
  readonly device: string
  readonly torchThreads: number
  readonly metricsPort: number
}

const action = 'run stage 4'

/** The reference inference in the person's own environment, over images of a folder or of the bucket. */
export async function inferAlone(options: InferOptions, context: TaskContext) {
  const { inputBucket, outputBucket, reviewBucket, outputPrefix } = options
  const model = modelOf(options.model, context.env)
  await classesOf(model)
  const s3 = stageStore(context)
  await refuseMissingBuckets(action, s3, [inputBucket, outputBucket, reviewBucket])
  const { python } = await pythonEnvironment('train', context)
  const input = await inputOf(options, s3, context)
  const progress = everySecond(context.log)
  const { sum, hear } = summing(progress)
  const store = {
    s3,
    bucket: (role: 'hitl' | 'output') => ({ hitl: reviewBucket, output: outputBucket })[role],
    prefix: outputPrefix,
  }
  const from = performance.now()
  const child = startInference(
    { store, input, model, python, mode: options.mode, variables: variablesOf(options) },
    {
      outputPrefix,
      port: options.metricsPort,
      nvmeRoot: resolve(options.nvmeRoot),
      poll: options.pollInterval,
      confidence: options.reviewConfidence,
      grace: defaultWaits.grace,
      onProgress: hear,
    },
    { signal: context.signal, env: context.env, log: untilRefusal(context.log), progress },
  )
  const end = await child.done
  const stop = await child.stop()
  if (end.kind === 'not-started') throw new Problem(end.sentence)
  if (sum.refused !== undefined) throw new Problem(sum.refused)
  const stopped = context.signal.aborted
  const report = told(sum, { options, input, seconds: (performance.now() - from) / 1000, stopped })
  const ended = endOf(end, stop)
  if (ended.code === 0) return report
  if (stopped) {
    context.emit(report)
    context.log('Stopped before all images were done. Run it again: what is written stays done.')
    throw context.signal.reason
  }
  if (sum.predicted === 0 && sum.failed > 0)
    throw new Failure("Cannot finish stage 4 as every image failed: see the log for each one's reason")
  refuseCrash('stage 4', ended, child.lastLines(5))
  return report
}

/** Where it stands for a folder and a name alike, a folder is what has a slash in it, or holds a model. */
function modelOf(asked: string, env: TaskContext['env']): ModelAsked {
  const named = env.MODEL_NAME || ''
  const path = resolve(withHome(asked))
  if (asked !== '' && (asked.includes('/') || existsSync(join(path, 'model_info.json'))))
    return { kind: 'folder', name: named || basename(path), path }
  const name = asked || named
  if (name === '') throw cannot(action, 'model', 'a folder that a training left, or the name of a registered model', '')
  const own = Object.entries(env).flatMap(([variable, value]) =>
    variable.startsWith('MLFLOW_') && value !== undefined ? [[variable, value]] : [],
  )
  return { kind: 'registered', name, environment: Object.fromEntries(own) }
}

/** Where the images are that it predicts: those of a folder lie below a prefix of the folder's name. */
async function inputOf(
  { images, inputBucket: bucket, inputPrefix: prefix }: InferOptions,
  s3: S3,
  context: TaskContext,
): Promise<Place> {
  if (images === '') return { bucket, prefix }
  const place = { s3, bucket: () => bucket, prefix: `${prefix}${basename(resolve(images))}/` }
  return uploadImages(place, images, context)
}

function variablesOf({ nvmeMinGb, device, torchThreads }: InferOptions) {
  return { NVME_MIN_GB: String(nvmeMinGb), DEVICE: device, TORCH_THREADS: String(torchThreads) }
}

interface Over {
  readonly options: InferOptions
  readonly input: Place
  readonly seconds: number
  readonly stopped: boolean
}

function told({ model, predicted, failed, written }: Sum, { options, input, seconds, stopped }: Over) {
  const { outputBucket, reviewBucket, outputPrefix } = options
  const annotations = s3Uri(outputBucket, `${outputPrefix}annotations/`)
  const review = s3Uri(reviewBucket, `${outputPrefix}review/`)
  return {
    ended: stopped ? 'stopped' : 'done',
    model,
    input: s3Uri(input.bucket, input.prefix),
    predicted,
    failed,
    annotations,
    documents: written.filter((uri) => uri.startsWith(annotations)),
    review,
    reviews: written.filter((uri) => uri.startsWith(review)),
    seconds,
  }
}
