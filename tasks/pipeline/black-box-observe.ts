import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Problem, type StepContext, type Stopped, type WorkContext } from '../../lib/index.ts'
import { type Ended, type RunningProcess, startProcess } from '../../lib/shell/process.ts'
import type { S3 } from '../object-store/client.ts'
import { stageEnvironment } from './environment.ts'
import type { LogEvidence, SeenFile, StageEnd } from './evidence.ts'
import { type FileWatch, watchFiles } from './evidence-files.ts'
import { readLog } from './evidence-log.ts'
import { type ObjectWatch, watchObjects } from './evidence-objects.ts'
import type { StageNumber } from './manifest.ts'

export type StageName = 'stage1' | 'stage2'
export type BucketRole = 'raw' | 'augmented' | 'normalized' | 'manifests'

/** What an account of the store says: when the request that wrote an object came in, in milliseconds since 1970. */
export interface PutEvent {
  readonly bucket: string
  readonly key: string
  readonly arrived: number
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

const defaultWaits: Waits = { first: 60, quiet: 5, deadline: 900, grace: 15 }

/** Seconds between two looks of a stage at its prefix. */
export const defaultPoll = 0.2

/** Listings are asked for this often, in milliseconds, or as often as they take. */
const lookEvery = 80

/** One run of a stage as it is under way. */
export interface Observed {
  readonly objects: ObjectWatch
  readonly files: FileWatch
  readonly process: RunningProcess
  readonly waits: Waits
  /** Seconds since the start, and since the last new file, object or manifest. */
  elapsed(): number
  quiet(): number
}

export interface Observation {
  readonly objects: ObjectWatch
  readonly files: readonly SeenFile[]
  readonly log: LogEvidence
  /** Requests to the store that the stage says it repeated; in no output, as it is another number each time. */
  readonly repeated: number
  readonly ended: StageEnd
  readonly seconds: number
  readonly startedAt: number
}

export interface ObserveOptions {
  readonly stage: StageName
  readonly run: StageRun
  readonly mode: 'poll' | 'once'
  readonly context: StageContext
  readonly ground: Ground
  /** Asked after every look; resolves to true when enough was seen. May throw what the step should end with. */
  enough(observed: Observed): boolean | Promise<boolean>
}

/**
 * Runs a stage and watches what it does to its local disk and its buckets, until `enough` was seen or it ends; then tells it to stop.
 * Throws a Problem when it can't be started; whatever else it does is in what is returned.
 */
export async function observe(options: ObserveOptions): Promise<Observation> {
  const folder = await scratchFolder(options)
  try {
    return await observeIn(folder, options)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * An empty folder for local disk and evidence, the same one for every attempt of a step: what a killed run left in it, its resume
 * clears away. Its real path, since that is what a stage logs (on macOS the temporary folder is behind a link).
 */
async function scratchFolder({ run, stage, context }: ObserveOptions): Promise<string> {
  if (context.folder === undefined) return realpath(await mkdtemp(join(run.nvme ?? tmpdir(), `assay-${stage}-`)))
  const own = join(context.folder, stage)
  const folder = run.nvme === undefined ? own : join(run.nvme, `assay-${stage}-${Bun.hash(own).toString(36)}`)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder)
  return realpath(folder)
}

async function observeIn(folder: string, options: ObserveOptions): Promise<Observation> {
  const { stage, run, context, ground, enough } = options
  const waits = { ...defaultWaits, ...run.waits }
  const [nvmeRoot, keep] = [join(folder, 'nvme'), join(folder, 'evidence')]
  for (const name of ['input', 'work', 'output', 'cache']) await mkdir(join(nvmeRoot, name), { recursive: true })
  await mkdir(keep)
  const log = readLog(nvmeRoot)
  const { s3, bucket } = run.store
  const objects = watchObjects({ s3, stage: stageNumber(stage), ...ground, manifestBucket: bucket('manifests') })
  await objects.look()
  const files = await watchFiles(nvmeRoot, keep)
  if (run.command) context.foreign?.(run.command)
  const startedAt = Date.now()
  const from = performance.now()
  const child = startProcess(commandOf(stage, run), {
    cwd: process.cwd(),
    env: environment(nvmeRoot, options),
    signal: context.signal,
    grace: waits.grace * 1000,
    mask: context.mask,
    ...(context.folder !== undefined && { log: join(context.folder, `${stage}.log`) }),
    onLine: forward(context, (line) => log.add(line)),
  })
  let end: Ended | undefined
  child.done.then(
    (how) => {
      end = how
    },
    () => {},
  )
  const observed: Observed = {
    objects,
    files,
    process: child,
    waits,
    elapsed: () => (performance.now() - from) / 1000,
    quiet: () => (performance.now() - Math.max(from, objects.changedAt(), files.changedAt())) / 1000,
  }
  try {
    while (end === undefined) {
      const before = performance.now()
      await objects.look()
      context.signal.throwIfAborted()
      if (await enough(observed)) break
      const took = performance.now() - before
      await Promise.race([Bun.sleep(Math.max(lookEvery - took, took)), child.done])
    }
    const stop = await child.stop()
    const seconds = observed.elapsed()
    const how = await child.done
    context.signal.throwIfAborted()
    if (how.kind === 'not-started') throw new Problem(how.sentence)
    await objects.look()
    const ended = endOf(how, stop)
    return {
      objects,
      files: await files.stop(),
      log: log.evidence(child.lastLines(20)),
      repeated: log.repeated(),
      ended,
      seconds,
      startedAt,
    }
  } finally {
    const how = await child.stop()
    // A stage that polls is always told to; of one that was cut short the record says what that took.
    if (context.signal.aborted) context.stopped?.(how)
    run.store.repeated?.(log.repeated())
    await files.close()
  }
}

function environment(nvmeRoot: string, { run, mode, context, ground }: ObserveOptions): Record<string, string> {
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

export function stageNumber(stage: StageName): StageNumber {
  return stage === 'stage1' ? 1 : 2
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

function endOf(end: Exclude<Ended, { kind: 'not-started' }>, stop: Stopped): StageEnd {
  return end.kind === 'exited' ? { stop, code: end.code } : { stop, signal: end.signal }
}

/** The step's log gets so many lines and is told that there were more; the stage's own log has them. */
const mostForwarded = 10_000

function forward(context: StageContext, also: (line: string) => void): (line: string) => void {
  let lines = 0
  return (line) => {
    also(line)
    lines += 1
    if (lines <= mostForwarded) context.log(line)
    if (lines === mostForwarded) context.log('… and more lines, which are not shown')
  }
}
