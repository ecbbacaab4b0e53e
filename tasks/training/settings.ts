import * as v from 'valibot'
import { cannot, integer, oneOf, type Param, type Problem, param, text } from '../../lib/index.ts'
import { endpointFromEnv } from '../object-store/endpoint.ts'

/** What a machine has for trainings. */
export interface Devices {
  readonly cores: number
  /** CUDA devices. */
  readonly gpus: number
}

type Variables = Readonly<Record<string, string | undefined>>

const matching = (pattern: RegExp, rule: string, help: string, value?: string): Param<string> =>
  param(v.pipe(v.string(), v.regex(pattern, rule)), { default: value, help })

function decimal(rule: string, help: string, value: string, holds: (number: number) => boolean): Param<number> {
  const schema = v.pipe(v.string(), v.regex(/^\d+(\.\d+)?(e-?\d+)?$/i, rule), v.transform(Number), v.check(holds, rule))
  return param(schema, { default: value, help })
}

/** Each variable of a training with the rule for it alone; those without a default must be given. The reference training has the same. */
export const trainingRules = {
  EPOCHS: integer(undefined, 'how often every image is seen', { min: 1, max: 1_000_000 }),
  IMAGES_PER_NODE: integer(undefined, 'images of an epoch for each instance; 0: what there is', { max: 1e9 }),
  INSTANCE_COUNT: integer(undefined, 'processes that train together', { min: 1, max: 4096 }),
  INSTANCE_TYPE: matching(/^[\w.-]+$/, 'letters, digits, dots and dashes', 'what an instance is'),
  DATASET_ID: matching(
    /^[A-Za-z0-9][\w.-]*$/,
    'letters, digits, dots, dashes and underscores',
    'digits, or the name of the labelled images in the bucket',
  ),
  NVME_ROOT: matching(/^\//, 'an absolute path', 'folder on fast local disk'),
  NVME_MIN_GB: decimal('gigabytes from 0', 'gigabytes that must be free there', '0.1', () => true),
  BATCH_SIZE: integer(32, 'images of a step for each instance', { min: 2, max: 1_000_000 }),
  LEARNING_RATE: decimal('a number above 0, to 100', 'highest rate of the schedule', '0.003', (n) => n > 0 && n <= 100),
  RESOLUTION: integer(16, 'pixels a side', { min: 8, max: 4096 }),
  STEPS: integer(0, 'steps in all, in place of EPOCHS; 0: as EPOCHS says'),
  CHECKPOINT_EVERY: integer(100, 'steps from one checkpoint to the next', { min: 1 }),
  KEEP_CHECKPOINTS: integer(3, 'newest checkpoints that are kept', { min: 1 }),
  WORKERS: integer(0, 'processes that load images, for each instance', { max: 1024 }),
  SEED: integer(1, 'the same seed gives the same training', { max: 2 ** 40 }),
  TORCH_THREADS: integer(1, 'threads of each process', { min: 1, max: 4096 }),
  PRECISION: oneOf(['fp32', 'bf16', 'fp16'], 'fp32', 'what the network computes in'),
  SCALER_GROWTH: integer(200, 'steps without overflow after which fp16 scales losses up', { min: 1 }),
  DEVICE: oneOf(['auto', 'cpu', 'cuda'], 'auto', 'auto: CUDA where there is one'),
  RESUME: text('', 'latest, or the path of a checkpoint'),
  VALIDATE: oneOf(['yes', 'no'], 'yes', 'whether images held back are tried at each checkpoint'),
  MODEL_NAME: matching(/^[^/:]*$/, "a name without '/' and ':'", 'name that the model is registered by in MLflow', ''),
} as const satisfies Readonly<Record<string, Param<unknown>>>

/** Only of a data set that is in a bucket. */
export const bucketRules = {
  TRAINING_BUCKET: matching(
    /^[A-Za-z0-9][\w.-]{1,61}[A-Za-z0-9]$/,
    'a bucket name of 3 to 63 letters',
    'bucket of the labelled images',
  ),
  TRAINING_PREFIX: matching(
    /^$|^[^/].*\/$/s,
    "empty or ending in '/' and not beginning with it",
    'what the keys of its images begin with',
  ),
} as const

export type TrainingSettings = {
  readonly [K in keyof typeof trainingRules]: (typeof trainingRules)[K] extends Param<infer T> ? T : never
}

const action = 'start the training'

/**
 * What a training is told by its variables. Throws a Problem that names the first one that is missing, out of range or in contradiction
 * to another, or to the machine: before anything is fetched or torch is loaded.
 */
export function trainingSettings(env: Variables, devices: Devices): TrainingSettings {
  const settings = parse(trainingRules, env)
  if (settings.DATASET_ID !== 'digits') {
    parse(bucketRules, env)
    endpointFromEnv(env)
  }
  checkTogether(settings, devices)
  checkTracking(env)
  return settings
}

function checkTogether(settings: TrainingSettings, { cores, gpus }: Devices): void {
  const { INSTANCE_COUNT, IMAGES_PER_NODE, BATCH_SIZE, TORCH_THREADS, DEVICE } = settings
  if (DEVICE === 'cuda' && gpus === 0) throw wrong('DEVICE', 'cpu or auto where there is no CUDA device', DEVICE)
  const onGpus = DEVICE !== 'cpu' && gpus > 0
  const most = onGpus ? gpus : cores
  if (INSTANCE_COUNT > most) {
    const what = `${onGpus ? 'CUDA device' : 'core'}${most === 1 ? '' : 's'}`
    throw wrong('INSTANCE_COUNT', `at most the ${most} ${what} of this machine`, INSTANCE_COUNT)
  }
  // More threads than cores wait for each other: ten times slower and more.
  if (INSTANCE_COUNT * TORCH_THREADS > Math.max(cores, INSTANCE_COUNT)) {
    const each = `${Math.max(1, Math.floor(cores / INSTANCE_COUNT))} where INSTANCE_COUNT is ${INSTANCE_COUNT}`
    throw wrong('TORCH_THREADS', `at most ${each}, as there are ${cores} cores`, TORCH_THREADS)
  }
  if (IMAGES_PER_NODE > 0 && IMAGES_PER_NODE < BATCH_SIZE) {
    throw wrong('IMAGES_PER_NODE', `0, or at least BATCH_SIZE, which is ${BATCH_SIZE}`, IMAGES_PER_NODE)
  }
}

function checkTracking(env: Variables): void {
  const { MLFLOW_TRACKING_URI: uri, MLFLOW_TRACKING_URL: url, MLFLOW_TRACKING_TOKEN: token } = env
  for (const [name, value] of Object.entries({ MLFLOW_TRACKING_URI: uri, MLFLOW_TRACKING_URL: url })) {
    if (value && !(URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)))
      throw wrong(name, 'empty or a URL that starts with http:// or https://', value)
  }
  if (uri && url && uri !== url) throw wrong('MLFLOW_TRACKING_URL', `empty, or MLFLOW_TRACKING_URI, ${uri}`, url)
  if (token && env.MLFLOW_TRACKING_USERNAME)
    throw wrong('MLFLOW_TRACKING_USERNAME', 'empty where MLFLOW_TRACKING_TOKEN is set', '(not shown)')
}

function parse<P extends Readonly<Record<string, Param<unknown>>>>(params: P, env: Variables) {
  const values: Record<string, unknown> = {}
  for (const [name, { schema, default: usual, help }] of Object.entries(params)) {
    const given = env[name]
    const raw = given === undefined || (given === '' && usual !== undefined) ? usual : given
    if (raw === undefined) throw wrong(name, 'given', 'nothing', `It is ${help}.`)
    const result = v.safeParse(schema, raw)
    if (!result.success) throw wrong(name, result.issues[0].message, raw)
    values[name] = result.output
  }
  // Filled key by key from `params` itself, which the type system cannot follow.
  return values as { readonly [K in keyof P]: P[K] extends Param<infer T> ? T : never }
}

function wrong(name: string, rule: string, value: unknown, next?: string): Problem {
  return cannot(action, name, rule, value, next)
}
