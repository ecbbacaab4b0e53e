import type { Batch, Entry, Metric } from './batches.ts'

/** What Assay asks of an MLflow server, over its REST interface. Every method rejects with a Problem in one sentence. */
export interface MlflowClient extends RunArtifacts, ModelRegistry {
  /** Where it is, without what is secret. */
  readonly url: string
  /** What MLflow's own clients need to know, in a program that is started. */
  readonly environment: Readonly<Record<string, string>>
  /** Its version, where it tells one; rejects for one that is too old, and for what is no MLflow. */
  version(): Promise<string | undefined>

  /** The id of the experiment, which is made where there is none. */
  experiment(name: string): Promise<string>
  /** The id of the experiment; undefined where there is none of that name. */
  findExperiment(name: string): Promise<string | undefined>
  createRun(run: NewRun): Promise<MlflowRun>
  updateRun(id: string, end: RunEnd): Promise<void>
  /** Marks it as deleted, so that no search finds it; MLflow keeps it until it is collected. */
  deleteRun(id: string): Promise<void>
  getRun(id: string): Promise<MlflowRun>
  /** Those of an experiment that a filter of MLflow finds (`tags."assay.run" = 'x'`), oldest first. */
  searchRuns(experiment: string, filter: string): Promise<readonly MlflowRun[]>
  /** In as few requests as the limits of MLflow allow. */
  log(run: string, batch: Batch): Promise<void>
  /** Every sample of a metric. */
  history(run: string, key: string): Promise<readonly Metric[]>
}

/** What runs leave as files, through the server's proxy (`hasProxy`). */
export interface RunArtifacts {
  putArtifact(run: RunInfo, path: string, content: Uint8Array | string, type?: string): Promise<void>
  getArtifact(run: RunInfo, path: string): Promise<Uint8Array>
  /** What lies in a folder of the run's artifacts, its own when absent. */
  artifacts(run: string, folder?: string): Promise<readonly Artifact[]>
}

export interface ModelRegistry {
  /** Makes a registered model; `there` where one has the name already. */
  registerModel(name: string): Promise<'made' | 'there'>
  createVersion(model: string, from: { readonly source: string; readonly run: string }): Promise<ModelVersion>
  getVersion(model: string, version: string): Promise<ModelVersion>
  /** Newest first. */
  versions(model: string): Promise<readonly ModelVersion[]>
  setAlias(model: string, alias: string, version: string): Promise<void>
  /** The version that an alias names; undefined where there is no such alias or model. */
  aliased(model: string, alias: string): Promise<ModelVersion | undefined>
}

export type RunStatus = 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED'

export interface NewRun {
  readonly experiment: string
  readonly name: string
  /** Milliseconds since 1970. */
  readonly startTime: number
  readonly tags?: readonly Entry[]
}

export interface RunEnd {
  readonly status: RunStatus
  /** Milliseconds since 1970. */
  readonly endTime: number
}

export interface RunInfo {
  readonly id: string
  readonly experiment: string
  readonly name: string
  readonly status: RunStatus
  readonly startTime: number
  readonly endTime: number | undefined
  readonly artifactUri: string
}

export interface MlflowRun extends RunInfo {
  readonly params: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
  /** The last sample of each metric. */
  readonly metrics: readonly Metric[]
}

export interface Artifact {
  readonly path: string
  readonly kind: 'file' | 'folder'
  /** Bytes of a file. */
  readonly size: number
}

export interface ModelVersion {
  readonly model: string
  readonly version: string
  readonly source: string
  /** The run that it was made by; empty where none was named. */
  readonly run: string
  readonly status: string
}

/** Whether the server takes the artifacts of a run, or leaves them to a storage of which it only knows the address. */
export function hasProxy({ artifactUri }: RunInfo): boolean {
  return artifactUri.startsWith('mlflow-artifacts:')
}
