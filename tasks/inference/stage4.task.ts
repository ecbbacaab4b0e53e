import { defineTask, integer, path, text } from '../../lib/index.ts'
import { defaultBuckets } from '../pipeline/environment.ts'
import { bucket, commonOptions, decimal, prefix } from '../pipeline/stage-options.ts'
import { trainingRules } from '../training/settings.ts'
import { defaultConfidence } from './run.ts'

const { outputPrefix, mode, pollInterval, nvmeRoot } = commonOptions
const { DEVICE, TORCH_THREADS, NVME_MIN_GB } = trainingRules

export default defineTask({
  name: 'stage4',
  title: 'Stage 4 of the reference pipeline: predict images and annotate them in COCO',
  options: {
    model: text('', 'folder that a training left, or name of a registered model; that of MODEL_NAME when empty', {
      env: 'MODEL_PATH',
    }),
    images: path('', 'folder of images that are put into the bucket first, to be predicted alone; none when empty'),
    inputBucket: bucket('bucket that images are read from', 'INFERENCE_INPUT_BUCKET', defaultBuckets.inferenceInput),
    inputPrefix: prefix('what the keys of its images begin with', 'INPUT_PREFIX'),
    outputBucket: bucket('bucket of the annotations', 'OUTPUT_BUCKET', defaultBuckets.output),
    reviewBucket: bucket('bucket of those that a person should look at', 'HITL_BUCKET', defaultBuckets.hitl),
    outputPrefix,
    reviewConfidence: decimal(
      'a number',
      0,
      String(defaultConfidence),
      'predictions no surer are for review',
      'REVIEW_CONFIDENCE',
    ),
    mode,
    pollInterval,
    nvmeRoot,
    nvmeMinGb: { ...NVME_MIN_GB, env: 'NVME_MIN_GB' },
    device: { ...DEVICE, env: 'DEVICE' },
    torchThreads: { ...TORCH_THREADS, env: 'TORCH_THREADS' },
    metricsPort: integer(0, 'port of its metrics; 0 takes a free one', { env: 'METRICS_PORT', max: 65535 }),
  },
  async run(options, context) {
    const { inferAlone } = await import('./infer-alone.ts')
    return inferAlone(options, context)
  },
})
