import { join } from 'node:path'
import { withoutClientSettings } from '../pipeline/environment.ts'

/** What a training is told besides where it may write: contract variables and the reference training's own. */
export type TrainingVariables = Readonly<Record<string, string>>

/** Where a training in `folder` leaves its checkpoints and its model. */
export function outIn(folder: string): string {
  return join(folder, 'nvme', 'output', 'training')
}

/**
 * The environment of a training that learns scikit-learn's digits below `folder`: nothing of the person's own S3 or MLflow reaches it,
 * unless `variables` say so.
 */
export function trainingEnvironment(
  folder: string,
  variables: TrainingVariables,
  inherited: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return {
    ...withoutClientSettings(inherited),
    EPOCHS: '1',
    IMAGES_PER_NODE: '0',
    INSTANCE_COUNT: '1',
    INSTANCE_TYPE: 'local',
    DATASET_ID: 'digits',
    NVME_ROOT: join(folder, 'nvme'),
    // Below the root of its local disk, where checkpoints of a training that does not heed it are looked for.
    TRAINING_OUT: outIn(folder),
    ...variables,
  }
}
