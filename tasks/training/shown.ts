import * as v from 'valibot'
import type { StepContext } from '../../lib/index.ts'
import type { Artifact, MlflowClient, RunStatus } from '../mlflow/client.ts'
import type { TrainingVariables } from './variables.ts'

const point = v.object({ step: v.number(), value: v.number() })

/** What MLflow shows of a training: asked over its REST interface, whatever the training says of itself. */
export const Shown = v.object({
  experiment: v.string(),
  /** The name that its model is registered by. */
  model: v.string(),
  /** How many runs the experiment has: one for each training. */
  runs: v.number(),
  id: v.string(),
  status: v.string(),
  ended: v.boolean(),
  params: v.record(v.string(), v.string()),
  /** Every sample of each metric, ordered by step. */
  histories: v.record(v.string(), v.array(point)),
  artifacts: v.array(v.object({ path: v.string(), size: v.number() })),
  /** Versions of registered models that were made by the run. */
  versions: v.array(v.object({ model: v.string(), version: v.string(), status: v.string(), source: v.string() })),
  /** Runs that were still RUNNING when their training was over: Assay has ended them as FAILED. */
  leftRunning: v.number(),
})
export type Shown = v.InferOutput<typeof Shown>

/** One training of a run has an experiment and a model of its own, so that nobody's are in its way, nor it in theirs. */
function namesOf(which: string, { plan, run }: Pick<StepContext, 'plan' | 'run'>) {
  return { experiment: `assay/${plan}/${run}/${which}`, model: `assay-${plan}-${run}-${which}` }
}

/** The variables by which a training of this run tells MLflow of itself. */
export function trackedBy({ environment }: MlflowClient, which: string, context: StepContext): TrainingVariables {
  const { experiment, model } = namesOf(which, context)
  const named = { MLFLOW_EXPERIMENT: experiment, MLFLOW_EXPERIMENT_NAME: experiment, MODEL_NAME: model }
  return { ...environment, ...named }
}

/**
 * Reads the newest run of a training's experiment, once the training is over. A run that is RUNNING by then will be for ever, since who
 * should have ended it is gone: it is ended as FAILED first.
 */
export async function readShown(client: MlflowClient, which: string, context: StepContext): Promise<Shown> {
  const { experiment, model } = namesOf(which, context)
  const id = await client.experiment(experiment)
  const leftRunning = await endLeftRunning(client, id)
  const runs = await client.searchRuns(id, '')
  const newest = runs.at(-1)
  if (newest === undefined) return { ...nothing, experiment, model, leftRunning }
  const histories: Record<string, { step: number; value: number }[]> = {}
  for (const { key } of newest.metrics)
    histories[key] = (await client.history(newest.id, key))
      .map(({ step, value }) => ({ step, value }))
      .sort((a, b) => a.step - b.step)
  const versions = (await client.versions(model)).filter(({ run }) => run === newest.id)
  return {
    experiment,
    model,
    runs: runs.length,
    id: newest.id,
    status: newest.status,
    ended: newest.endTime !== undefined,
    params: newest.params,
    histories,
    artifacts: (await filesOf(client, newest.id)).map(({ path, size }) => ({ path, size })),
    versions: versions.map(({ model, version, status, source }) => ({ model, version, status, source })),
    leftRunning,
  }
}

const nothing: Omit<Shown, 'experiment' | 'model' | 'leftRunning'> = {
  ...{ runs: 0, id: '', status: 'none', ended: false },
  ...{ params: {}, histories: {}, artifacts: [], versions: [] },
}

const ended: RunStatus = 'FAILED'

async function endLeftRunning(client: MlflowClient, experiment: string): Promise<number> {
  const left = (await client.searchRuns(experiment, '')).filter(({ status }) => status === 'RUNNING')
  for (const { id } of left) await client.updateRun(id, { status: ended, endTime: Date.now() })
  return left.length
}

async function filesOf(client: MlflowClient, run: string, folder?: string): Promise<readonly Artifact[]> {
  const found = await client.artifacts(run, folder)
  const below = await Promise.all(found.map((one) => (one.kind === 'folder' ? filesOf(client, run, one.path) : [one])))
  return below.flat()
}
