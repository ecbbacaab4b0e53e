import { describe, expect, test } from 'bun:test'
import { trainingSettings } from '../../../tasks/training/settings.ts'

const machine = { cores: 4, gpus: 0 }

/** What a plan gives a training of images in a bucket. */
const whole: Readonly<Record<string, string>> = {
  S3_ENDPOINT: 'http://127.0.0.1:9000',
  AWS_ACCESS_KEY_ID: 'key',
  AWS_SECRET_ACCESS_KEY: 'secret',
  EPOCHS: '3',
  IMAGES_PER_NODE: '0',
  INSTANCE_COUNT: '1',
  INSTANCE_TYPE: 'local',
  TRAINING_BUCKET: 'training',
  TRAINING_PREFIX: 'training/',
  DATASET_ID: 'shapes',
  NVME_ROOT: '/nvme',
}

function refusal(changed: Readonly<Record<string, string | undefined>>, devices = machine): string {
  try {
    trainingSettings({ ...whole, ...changed }, devices)
  } catch (error) {
    if (error instanceof Error && error.name === 'Problem') return error.message
    throw error
  }
  return 'it was taken'
}

const missing = Object.keys(whole).map((name) => [name] as const)

test.each(missing)('%s must be given', (name) => {
  const sentence = refusal({ [name]: undefined })
  expect(sentence).toContain(`'${name}' must be `)
  expect(sentence).toMatch(/current value is (nothing|not set)/)
})

test.each([
  ['EPOCHS', '0', 'a whole number from 1 to 1000000'],
  ['EPOCHS', '-3', 'a whole number from 1 to 1000000'],
  ['EPOCHS', '2.5', 'a whole number from 1 to 1000000'],
  ['EPOCHS', 'three', 'a whole number from 1 to 1000000'],
  ['IMAGES_PER_NODE', '-1', 'a whole number from 0 to 1000000000'],
  ['INSTANCE_COUNT', '0', 'a whole number from 1 to 4096'],
  ['INSTANCE_COUNT', '1e3', 'a whole number from 1 to 4096'],
  ['INSTANCE_TYPE', 'ml p4d', 'letters, digits, dots and dashes'],
  ['TRAINING_BUCKET', 'a', 'a bucket name of 3 to 63 letters'],
  ['TRAINING_PREFIX', 'training', "empty or ending in '/' and not beginning with it"],
  ['TRAINING_PREFIX', '/training/', "empty or ending in '/' and not beginning with it"],
  ['DATASET_ID', '../shapes', 'letters, digits, dots, dashes and underscores'],
  ['NVME_ROOT', 'nvme', 'an absolute path'],
  ['NVME_MIN_GB', '-1', 'gigabytes from 0'],
  ['BATCH_SIZE', '1', 'a whole number from 2 to 1000000'],
  ['LEARNING_RATE', '0', 'a number above 0, to 100'],
  ['LEARNING_RATE', 'nan', 'a number above 0, to 100'],
  ['RESOLUTION', '7', 'a whole number from 8 to 4096'],
  ['STEPS', '-1', 'a whole number from 0'],
  ['CHECKPOINT_EVERY', '0', 'a whole number from 1'],
  ['KEEP_CHECKPOINTS', '0', 'a whole number from 1'],
  ['WORKERS', '-1', 'a whole number from 0 to 1024'],
  ['SEED', 'x', 'a whole number from 0 to 1099511627776'],
  ['TORCH_THREADS', '0', 'a whole number from 1 to 4096'],
  ['PRECISION', 'fp8', 'one of fp32, bf16, fp16'],
  ['SCALER_GROWTH', '0', 'a whole number from 1'],
  ['DEVICE', 'tpu', 'one of auto, cpu, cuda'],
  ['VALIDATE', 'maybe', 'one of yes, no'],
  ['MODEL_NAME', 'a/b', "a name without '/' and ':'"],
  ['S3_ENDPOINT', 'localhost', 'a URL like http://127.0.0.1:9000'],
  ['MLFLOW_TRACKING_URI', 'mlflow:5000', 'empty or a URL that starts with http:// or https://'],
] as const)('%s=%s must be %s', (name, value, rule) => {
  expect(refusal({ [name]: value })).toContain(`as '${name}' must be ${rule}: current value is ${value}`)
})

describe('contradictions', () => {
  test.each([
    [
      'more instances than cores',
      { INSTANCE_COUNT: '5' },
      machine,
      'INSTANCE_COUNT',
      'at most the 4 cores of this machine',
    ],
    [
      'more instances than devices',
      { INSTANCE_COUNT: '2' },
      { cores: 8, gpus: 1 },
      'INSTANCE_COUNT',
      'at most the 1 CUDA device of',
    ],
    ['CUDA where there is none', { DEVICE: 'cuda' }, machine, 'DEVICE', 'cpu or auto where there is no CUDA device'],
    [
      'more threads than cores',
      { TORCH_THREADS: '5' },
      machine,
      'TORCH_THREADS',
      'at most 4 where INSTANCE_COUNT is 1',
    ],
    [
      'threads of all instances',
      { INSTANCE_COUNT: '2', TORCH_THREADS: '3' },
      machine,
      'TORCH_THREADS',
      'at most 2 where INSTANCE_COUNT is 2',
    ],
    [
      'less than a batch',
      { IMAGES_PER_NODE: '8', BATCH_SIZE: '16' },
      machine,
      'IMAGES_PER_NODE',
      '0, or at least BATCH_SIZE, which is 16',
    ],
    [
      'two servers',
      { MLFLOW_TRACKING_URI: 'http://a:1', MLFLOW_TRACKING_URL: 'http://b:1' },
      machine,
      'MLFLOW_TRACKING_URL',
      'empty, or MLFLOW_TRACKING_URI, http://a:1',
    ],
    [
      'two identities',
      { MLFLOW_TRACKING_TOKEN: 't', MLFLOW_TRACKING_USERNAME: 'u' },
      machine,
      'MLFLOW_TRACKING_USERNAME',
      'empty where',
    ],
  ] as const)('%s', (_what, changed, devices, name, rule) => {
    expect(refusal(changed, devices)).toContain(`Cannot start the training as '${name}' must be ${rule}`)
  })

  test('the CPU may be asked for where there are devices', () => {
    expect(refusal({ DEVICE: 'cpu', INSTANCE_COUNT: '3' }, { cores: 4, gpus: 1 })).toBe('it was taken')
  })
})

test('the digits need neither bucket nor store', () => {
  const { TRAINING_BUCKET, TRAINING_PREFIX, S3_ENDPOINT, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...rest } = whole
  const settings = trainingSettings({ ...rest, DATASET_ID: 'digits' }, machine)
  expect(settings).toMatchObject({
    EPOCHS: 3,
    INSTANCE_COUNT: 1,
    BATCH_SIZE: 32,
    LEARNING_RATE: 0.003,
    PRECISION: 'fp32',
  })
})

test('an empty value of what has a default is no value', () => {
  expect(trainingSettings({ ...whole, BATCH_SIZE: '', MODEL_NAME: '' }, machine).BATCH_SIZE).toBe(32)
})
