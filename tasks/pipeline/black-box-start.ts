import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { StepContext, WorkContext } from '../../lib/index.ts'
import { type RunningProcess, startProcess } from '../../lib/shell/process.ts'
import type { S3 } from '../object-store/client.ts'
import { stageEnvironment } from './environment.ts'

export type StageName = 'stage1' | 'stage2'
export type BucketRole = 'raw' | 'augmented' | 'normalized' | 'manifests'

/** What an account of the store says of a request that wrote an object; moments in milliseconds since 1970. */
export interface PutEvent {
  readonly operation: 'PutObject' | 'CompleteMultipartUpload'
  readonly bucket: string
  readonly key: string
  readonly bytes: number
  /** When the request came in. */
  readonly arrived: number
  /** When the object could first be read. */
  readonly visible: number
}

/** What the black box asks of an object store's live client. */
export interface StageStore {
  readonly s3: S3
  bucket(role: BucketRole): string
  /** What everything of this run is written under: empty, or ends in `/`. */
  readonly prefix: string
  /** Every put since the store started; absent when the store keeps no account of them. */
  readonly putEvents?: (() => Promise<readonly PutEvent[]>) | undefined
  /** Told how many requests a stage says it had to repeat. */
  readonly repeated?: ((requests: number) => void) | undefined
}

/** A step's context is one. */
export interface StageContext extends WorkContext {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly mask?: StepContext['mask']
  /** Gets the stage's whole log as `<stage>.log`. */
  readonly folder?: string
  foreign?(command: string): void
}

export interface StageRun {
  readonly store: StageStore
  /** Where its images are: what was uploaded, or the `output` of the stage before. */
  readonly input: { readonly bucket: string; readonly prefix: string }
  /** A shell command line; our own stage when absent or empty. */
  readonly command?: string | undefined
  readonly sizes?: readonly { readonly name: string }[] | undefined
  /** Name of the data set in the manifests; made from the store's prefix when absent. */
  readonly dataset?: string | undefined
  /** Seconds between two looks of the stage at its prefix, `defaultPoll` when absent; after as long without anything new all that is expected is there. */
  readonly pollInterval?: number | undefined
  /** A folder on the disk to use as NVMe; the step's own when absent. */
  readonly nvme?: string | undefined
  /** Gigabytes that the stage is told must be free there; 0.1 when absent. */
  readonly nvmeMinGb?: number | undefined
  /** More variables for the stage. */
  readonly variables?: Readonly<Record<string, string>> | undefined
  readonly waits?: Partial<Waits> | undefined
}

/** Where a stage writes: nothing is there when it starts. */
export interface Ground {
  readonly dataset: string
  readonly output: { readonly bucket: string; readonly prefix: string }
}

/** How long to wait for what, in seconds. */
export interface Waits {
  /** For the first object; a stage that has made none by then is failed. */
  readonly first: number
  /** Without a new object, manifest or file, or twice the longest time that it took so far for the next, if that is longer: a stage is taken to be done. */
  readonly quiet: number
  /** For all of it. */
  readonly deadline: number
  /** From SIGTERM to SIGKILL. */
  readonly grace: number
}

/** Seconds between two looks of a stage at its prefix. */
export const defaultPoll = 0.2

export interface StageStart {
  readonly stage: StageName
  readonly run: StageRun
  readonly mode: 'poll' | 'once'
  readonly context: StageContext
  readonly ground: Ground
}

/** Starts a stage over what it is to read and write, with `nvmeRoot` for its local disk; `grace` in seconds. */
export function startStage(
  { stage, run, mode, context, ground }: StageStart,
  nvmeRoot: string,
  grace: number,
  onLine: (line: string) => void,
): RunningProcess {
  if (run.command) context.foreign?.(run.command)
  return startProcess(commandOf(stage, run), {
    cwd: process.cwd(),
    env: environment(nvmeRoot, { run, mode, context, ground }),
    signal: context.signal,
    grace: grace * 1000,
    mask: context.mask,
    ...(context.folder !== undefined && { log: join(context.folder, `${stage}.log`) }),
    onLine,
  })
}

function environment(
  nvmeRoot: string,
  { run, mode, context, ground }: Omit<StageStart, 'stage'>,
): Record<string, string> {
  const { s3, bucket } = run.store
  const settings = {
    endpoint: s3.endpoint,
    buckets: {
      raw: bucket('raw'),
      augmented: bucket('augmented'),
      normalized: bucket('normalized'),
      manifests: bucket('manifests'),
    },
    inputPrefix: run.input.prefix,
    outputPrefix: ground.output.prefix,
    dataset: ground.dataset,
    mode,
    pollInterval: run.pollInterval ?? defaultPoll,
    nvmeRoot,
    nvmeMinGb: run.nvmeMinGb ?? 0.1,
    sizes: sizeNames(run).join(','),
    ...(run.variables && { more: run.variables }),
  }
  return stageEnvironment(settings, context.env ?? process.env)
}

/** The sizes a stage is told to make; stage 1 ignores them. */
export function sizeNames({ sizes }: StageRun): readonly string[] {
  return sizes?.map(({ name }) => name) ?? ['1080p', '720p', '480p']
}

export function commandText(stage: StageName, { command }: StageRun): string {
  return command || `assay task ${stage}`
}

/** Named by URL, so that their code is the plan's: a stage that was changed runs again. */
const ownStages = {
  stage1: new URL('./stage1.task.ts', import.meta.url),
  stage2: new URL('./stage2.task.ts', import.meta.url),
}

function commandOf(stage: StageName, { command }: StageRun): string | readonly string[] {
  if (command) return command
  return [
    process.execPath,
    join(import.meta.dir, '..', '..', 'lib', 'cli', 'main.ts'),
    'task',
    fileURLToPath(ownStages[stage]),
  ]
}
