import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Failure, type MeasureContext, Problem } from '../../lib/index.ts'
import type { RunningProcess } from '../../lib/shell/process.ts'
import { type TreeUsage, watchTree } from '../resources/tree-usage.ts'
import { refuseCrash, stageFailure } from './black-box-expect.ts'
import { cleanGround, datasetOf } from './black-box-ground.ts'
import { defaultWaits, endOf, scratchFolder, stageNumber } from './black-box-observe.ts'
import { type Ground, type StageContext, type StageName, type StageRun, startStage } from './black-box-start.ts'
import type { SourceImage } from './evidence.ts'
import { readLog } from './evidence-log.ts'
import { watchObjects } from './evidence-objects.ts'
import { manifestPrefix } from './manifest.ts'
import { type KnownOutputs, verifySample } from './sample-verify.ts'
import { type Uploads, uploadsOf } from './uploads.ts'

/** What was seen of one run of a stage over a set of images. */
export interface StageSample {
  /** From the start of its process until it had ended. */
  readonly seconds: number
  readonly images: number
  readonly usage: TreeUsage
  readonly uploads: Uploads
}

export interface SampleOptions {
  readonly stage: StageName
  readonly run: StageRun
  readonly sources: readonly SourceImage[]
  readonly known: KnownOutputs
  readonly time: MeasureContext<never>['time']
}

/**
 * Runs a stage once over its images, on clean ground, and nothing beside it. What comes before and after (folders, the verification of
 * what it left, the removal of that) is not in its time. Throws a Failure when it crashes, does not end, or leaves something wrong.
 */
export async function sampleStage(options: SampleOptions, context: StageContext): Promise<StageSample> {
  const { stage, run } = options
  // A data set of its own: a stage keeps account of what is done by its name, maybe where nobody finds it to remove it.
  const dataset = `${datasetOf(run.store.prefix)}-${crypto.randomUUID().slice(0, 8)}`
  const ground = await cleanGround(stage, { ...run, dataset })
  const folder = await scratchFolder({ stage, run, mode: 'once', context, ground })
  try {
    const sample = await sampleIn(folder, ground, options, context)
    // What is wrong stays to be looked at; the next attempt finds other ground.
    await removeOutputs(stage, run, ground)
    return sample
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function sampleIn(
  folder: string,
  ground: Ground,
  { stage, run, sources, known, time }: SampleOptions,
  context: StageContext,
): Promise<StageSample> {
  const { store } = run
  const { deadline, grace } = { ...defaultWaits, ...run.waits }
  const nvmeRoot = join(folder, 'nvme')
  for (const name of ['input', 'work', 'output', 'cache']) await mkdir(join(nvmeRoot, name), { recursive: true })
  const objects = watchObjects({
    s3: store.s3,
    stage: stageNumber(stage),
    ...ground,
    manifestBucket: store.bucket('manifests'),
  })
  await objects.look()
  const lines: string[] = []
  // The step's folder keeps the log of the last sample: of many, that is the one that went wrong.
  if (context.folder !== undefined) await rm(join(context.folder, `${stage}.log`), { force: true })
  const startedAt = Date.now()
  const start = () =>
    startStage({ stage, run, mode: 'once', context, ground }, nvmeRoot, grace, (line) => lines.push(line))
  const { seconds, value } = await time(() => toItsEnd(start(), deadline), { times: 1 })
  const { child, end, stop, usage } = value
  if (context.signal.aborted) context.stopped?.(stop)
  context.signal.throwIfAborted()
  if (end.kind === 'not-started') throw new Problem(end.sentence)
  const ended = endOf(end, stop)
  if (stop !== 'by itself') throw endless(stage, deadline, child.lastLines(20))
  refuseCrash(stage, ended, child.lastLines(20))
  const log = readLog(nvmeRoot)
  for (const line of lines) log.add(line)
  store.repeated?.(log.repeated())
  await objects.look()
  await verifySample({ stage, run, ground, ended, sources, objects }, known)
  const uploads = await uploadsOf({
    store,
    output: ground.output,
    startedAt,
    objects: [...objects.objects().values()],
    lines,
  })
  return { seconds, images: sources.length, usage, uploads }
}

async function toItsEnd(child: RunningProcess, deadline: number) {
  const watch = child.pid === undefined ? undefined : watchTree(child.pid)
  const late = setTimeout(() => void child.stop(), deadline * 1000)
  try {
    const end = await child.done
    return { child, end, stop: await child.stop(), usage: watch?.stop(child.usage()) ?? nothing }
  } finally {
    clearTimeout(late)
    watch?.stop(undefined)
  }
}

const nothing: TreeUsage = { cpuSeconds: 0, memory: undefined, written: undefined }

function endless(stage: StageName, deadline: number, last: readonly string[]): Failure {
  return stageFailure(stage, `has not ended after ${deadline} seconds, with MODE=once`, last)
}

async function removeOutputs(stage: StageName, { store }: StageRun, { dataset, output }: Ground): Promise<void> {
  const manifests = store.bucket('manifests')
  const prefixes = [
    [output.bucket, output.prefix],
    [manifests, manifestPrefix(dataset, stageNumber(stage))],
    [manifests, `marks/${dataset}/`],
  ] as const
  for (const [bucket, prefix] of prefixes) {
    const keys = (await store.s3.list(bucket, prefix)).map(({ key }) => key)
    if (keys.length > 0) await store.s3.remove(bucket, keys)
  }
}
