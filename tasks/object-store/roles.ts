import { cannot } from '../../lib/index.ts'

/** What a bucket is for in the pipeline under test; the variable that names it, and its name where that isn't set. */
const roles = {
  raw: ['RAW_BUCKET', 'raw'],
  augmented: ['AUGMENTED_BUCKET', 'augmented'],
  normalized: ['NORMALIZED_BUCKET', 'normalized'],
  manifests: ['MANIFEST_STORE_BUCKET', 'manifests'],
  training: ['TRAINING_BUCKET', 'training'],
  inference: ['INFERENCE_INPUT_BUCKET', 'inference-input'],
  hitl: ['HITL_BUCKET', 'hitl'],
  output: ['OUTPUT_BUCKET', 'output'],
} as const

export type Role = keyof typeof roles

export function bucketVariable(role: Role): string {
  return roles[role][0]
}

export function bucketName(role: Role, env: Readonly<Record<string, string | undefined>>): string {
  const [variable, name] = roles[role]
  const bucket = env[variable] || name
  if (/^[A-Za-z0-9][\w.-]{1,61}[A-Za-z0-9]$/.test(bucket) && !bucket.includes('..')) return bucket
  throw cannot('use the object store', variable, 'a bucket name of 3 to 63 letters, digits, dots and dashes', bucket)
}
