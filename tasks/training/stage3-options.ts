import { type Param, path } from '../../lib/index.ts'
import { defaultBuckets } from '../pipeline/environment.ts'
import { bucketRules, trainingRules } from './settings.ts'

/** A variable of a training as an option; without a default of its own it gets the one that a first try wants. */
const option = <T>(env: string, rule: Param<T>, value = rule.default): Param<T> => ({ ...rule, env, default: value })

const { IMAGES_PER_NODE, INSTANCE_COUNT, INSTANCE_TYPE, TORCH_THREADS, SCALER_GROWTH } = trainingRules
const { TRAINING_BUCKET, TRAINING_PREFIX } = bucketRules

/** Every variable of a training, each a flag of `bun run task`; those first that are set by hand most. */
export const stage3Options = {
  dataset: option('DATASET_ID', trainingRules.DATASET_ID, 'digits'),
  epochs: option('EPOCHS', trainingRules.EPOCHS, '3'),
  steps: option('STEPS', trainingRules.STEPS),
  batchSize: option('BATCH_SIZE', trainingRules.BATCH_SIZE),
  learningRate: option('LEARNING_RATE', trainingRules.LEARNING_RATE),
  instances: option('INSTANCE_COUNT', INSTANCE_COUNT, '1'),
  checkpointEvery: option('CHECKPOINT_EVERY', trainingRules.CHECKPOINT_EVERY),
  resume: path('', `${trainingRules.RESUME.help}, to go on from; from the beginning when empty`, { env: 'RESUME' }),
  nvmeRoot: path('.assay/nvme', trainingRules.NVME_ROOT.help, { env: 'NVME_ROOT' }),
  out: path('', 'folder of checkpoints and the model; NVME_ROOT/output/DATASET_ID when empty', { env: 'TRAINING_OUT' }),
  bucket: option('TRAINING_BUCKET', TRAINING_BUCKET, defaultBuckets.training),
  prefix: option('TRAINING_PREFIX', TRAINING_PREFIX, ''),
  imagesPerNode: option('IMAGES_PER_NODE', IMAGES_PER_NODE, '0'),
  resolution: option('RESOLUTION', trainingRules.RESOLUTION),
  seed: option('SEED', trainingRules.SEED),
  device: option('DEVICE', trainingRules.DEVICE),
  precision: option('PRECISION', trainingRules.PRECISION),
  scalerGrowth: option('SCALER_GROWTH', SCALER_GROWTH),
  workers: option('WORKERS', trainingRules.WORKERS),
  torchThreads: option('TORCH_THREADS', TORCH_THREADS),
  keepCheckpoints: option('KEEP_CHECKPOINTS', trainingRules.KEEP_CHECKPOINTS),
  validate: option('VALIDATE', trainingRules.VALIDATE),
  modelName: option('MODEL_NAME', trainingRules.MODEL_NAME),
  instanceType: option('INSTANCE_TYPE', INSTANCE_TYPE, 'local'),
  nvmeMinGb: option('NVME_MIN_GB', trainingRules.NVME_MIN_GB),
} as const

/** The variables that parsed options stand for. */
export function variablesOf(options: Readonly<Record<string, unknown>>): Record<string, string> {
  const named = Object.entries<Param<unknown>>(stage3Options).map(([name, { env = name }]) => [env, options[name]])
  return Object.fromEntries(named.map(([env, value]) => [env, String(value)]))
}
