import type { Ground, StageName, StageRun } from './black-box-start.ts'
import { manifestPrefix } from './manifest.ts'

/** A data set and an output prefix of the run's own that hold nothing yet, not even from an attempt that was cut short. */
export async function cleanGround(stage: StageName, { store, dataset }: StageRun): Promise<Ground> {
  const { s3, bucket, prefix } = store
  const [role, number] = stage === 'stage1' ? (['augmented', 1] as const) : (['normalized', 2] as const)
  const name = dataset ?? datasetOf(prefix)
  for (let attempt = 1; ; attempt++) {
    const suffix = attempt === 1 ? '' : `-${attempt}`
    const ground = { dataset: name + suffix, output: { bucket: bucket(role), prefix: `${prefix}${role}${suffix}/` } }
    const outputs = await s3.list(ground.output.bucket, ground.output.prefix)
    const manifests = await s3.list(bucket('manifests'), manifestPrefix(ground.dataset, number))
    if (outputs.length + manifests.length === 0) return ground
  }
}

/** The name of the data set that a run makes: its prefix as a word, and so as much its own. */
export function datasetOf(prefix: string): string {
  return prefix.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+|-+$/g, '') || 'assay'
}
