import type { Endpoint } from '../object-store/client.ts'

/** The variables every stage is given (DESIGN §7): the whole contract between Assay and a stage that starts. */
export const stageVariables = [
  'S3_ENDPOINT',
  'AWS_REGION',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'RAW_BUCKET',
  'AUGMENTED_BUCKET',
  'NORMALIZED_BUCKET',
  'TRAINING_BUCKET',
  'INFERENCE_INPUT_BUCKET',
  'HITL_BUCKET',
  'OUTPUT_BUCKET',
  'MANIFEST_STORE_BUCKET',
  'RAW_PREFIX',
  'INPUT_PREFIX',
  'OUTPUT_PREFIX',
  'DATASET_ID',
  'MODE',
  'POLL_INTERVAL',
  'NORMALIZE_SIZES',
  'NVME_ROOT',
  'NVME_MIN_GB',
  'MLFLOW_TRACKING_URL',
  'MLFLOW_REGISTRY_URL',
  'MLFLOW_EXPERIMENT',
  'EPOCHS',
  'IMAGES_PER_NODE',
  'INSTANCE_COUNT',
  'INSTANCE_TYPE',
  'TRAINING_PREFIX',
  'MODEL_NAME',
  'METRICS_PORT',
  // The names that the clients themselves read.
  'MLFLOW_TRACKING_URI',
  'MLFLOW_REGISTRY_URI',
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_S3',
] as const

export type StageVariable = (typeof stageVariables)[number]

/** What each bucket is for, and the bucket's name. */
export interface StageBuckets {
  readonly raw: string
  readonly augmented: string
  readonly normalized: string
  readonly manifests: string
  readonly training?: string
  readonly inferenceInput?: string
  readonly hitl?: string
  readonly output?: string
}

export const defaultBuckets = {
  raw: 'raw',
  augmented: 'augmented',
  normalized: 'normalized',
  manifests: 'manifests',
  training: 'training',
  inferenceInput: 'inference-input',
  hitl: 'hitl',
  output: 'output',
} as const satisfies Required<StageBuckets>

export interface StageSettings {
  readonly endpoint: Endpoint
  readonly buckets: StageBuckets
  /** What the stage reads under: `RAW_PREFIX` and `INPUT_PREFIX` alike, since a stage reads the one that is its own. Ends in `/` or is empty. */
  readonly inputPrefix: string
  /** Ends in `/` or is empty. */
  readonly outputPrefix: string
  readonly dataset: string
  readonly mode: 'poll' | 'once'
  /** Seconds between two looks at the prefix. */
  readonly pollInterval: number
  readonly nvmeRoot: string
  /** Gigabytes (10⁹ bytes) that must be free under `nvmeRoot`. */
  readonly nvmeMinGb: number
  /** As written on the command line: `1080p,720p,800x600`. */
  readonly sizes?: string
  /** Contract variables of later stages, and whatever a plan wants its stage to see besides. */
  readonly more?: Readonly<Record<string, string>>
}

/**
 * The environment of a stage's process: every contract variable (those that mean nothing to this stage with a harmless value, so that a
 * program that insists on all of them starts), on top of `inherited` without its own AWS and MLflow settings: a session token or profile
 * of the person at the terminal must not sign requests to the store under test.
 */
export function stageEnvironment(
  settings: StageSettings,
  inherited: Readonly<Record<string, string | undefined>> = {},
): Record<string, string> {
  const { endpoint, buckets: named, inputPrefix, outputPrefix, more = {} } = settings
  const buckets = { ...defaultBuckets, ...named }
  const tracking = more.MLFLOW_TRACKING_URL ?? more.MLFLOW_TRACKING_URI ?? ''
  const registry = more.MLFLOW_REGISTRY_URL ?? more.MLFLOW_REGISTRY_URI ?? tracking
  const contract: Record<StageVariable, string> = {
    S3_ENDPOINT: endpoint.url,
    AWS_REGION: endpoint.region,
    AWS_ACCESS_KEY_ID: endpoint.accessKeyId,
    AWS_SECRET_ACCESS_KEY: endpoint.secretAccessKey,
    RAW_BUCKET: buckets.raw,
    AUGMENTED_BUCKET: buckets.augmented,
    NORMALIZED_BUCKET: buckets.normalized,
    TRAINING_BUCKET: buckets.training,
    INFERENCE_INPUT_BUCKET: buckets.inferenceInput,
    HITL_BUCKET: buckets.hitl,
    OUTPUT_BUCKET: buckets.output,
    MANIFEST_STORE_BUCKET: buckets.manifests,
    RAW_PREFIX: inputPrefix,
    INPUT_PREFIX: inputPrefix,
    OUTPUT_PREFIX: outputPrefix,
    DATASET_ID: settings.dataset,
    MODE: settings.mode,
    POLL_INTERVAL: String(settings.pollInterval),
    NORMALIZE_SIZES: settings.sizes ?? '1080p,720p,480p',
    NVME_ROOT: settings.nvmeRoot,
    NVME_MIN_GB: String(settings.nvmeMinGb),
    MLFLOW_TRACKING_URL: tracking,
    MLFLOW_REGISTRY_URL: registry,
    MLFLOW_EXPERIMENT: settings.dataset,
    EPOCHS: '1',
    IMAGES_PER_NODE: '0',
    INSTANCE_COUNT: '1',
    INSTANCE_TYPE: 'local',
    TRAINING_PREFIX: 'training/',
    MODEL_NAME: settings.dataset,
    METRICS_PORT: '0',
    MLFLOW_TRACKING_URI: tracking,
    MLFLOW_REGISTRY_URI: registry,
    AWS_ENDPOINT_URL: endpoint.url,
    AWS_ENDPOINT_URL_S3: endpoint.url,
  }
  const session = endpoint.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: endpoint.sessionToken }
  return { ...withoutClientSettings(inherited), ...contract, ...session, ...more }
}

/** An environment without what tells AWS and MLflow clients where to go and as whom. */
export function withoutClientSettings(inherited: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(inherited)) {
    if (value !== undefined && !/^(AWS|MLFLOW)_/.test(name)) kept[name] = value
  }
  return kept
}
