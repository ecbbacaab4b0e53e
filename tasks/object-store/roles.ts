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
  return env[variable] || name
}
