import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Problem, type Stopped } from '../../lib/index.ts'
import type { Ended, RunningProcess } from '../../lib/shell/process.ts'
import {
  defaultPoll,
  type StageContext,
  type StageName,
  type StageStart,
  startStage,
  type Waits,
} from './black-box-start.ts'
import type { LogEvidence, SeenFile, StageEnd } from './evidence.ts'
import { type FileWatch, watchFiles } from './evidence-files.ts'
import { readLog } from './evidence-log.ts'
import { type ObjectWatch, watchObjects } from './evidence-objects.ts'
import { limitedLog } from './limited-log.ts'
import type { StageNumber } from './manifest.ts'

export const defaultWaits: Waits = { first: 60, quiet: 5, deadline: 900, grace: 15 }

/** Milliseconds between two looks, or what the stage leaves between its own if that is less, or as long as a look takes if that is more. */
const lookEvery = 80
/** Where it has logged something meanwhile, this much is enough, or four times as long as a look takes. */
const lookAgain = 15

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

export interface ObserveOptions extends StageStart {
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
export async function scratchFolder({ run, stage, context }: StageStart): Promise<string> {
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
  const every = Math.min(lookEvery, (run.pollInterval ?? defaultPoll) * 1000)
  const [nvmeRoot, keep] = [join(folder, 'nvme'), join(folder, 'evidence')]
  for (const name of ['input', 'work', 'output', 'cache']) await mkdir(join(nvmeRoot, name), { recursive: true })
  await mkdir(keep)
  const log = readLog(nvmeRoot)
  const { s3, bucket } = run.store
  const objects = watchObjects({ s3, stage: stageNumber(stage), ...ground, manifestBucket: bucket('manifests') })
  const watching = watchFiles(nvmeRoot, keep)
  await Promise.all([objects.look(), watching]).catch(async (error) => {
    await (await watching.catch(() => undefined))?.close()
    throw error
  })
  const files = await watching
  const startedAt = Date.now()
  const from = performance.now()
  let logged = Promise.withResolvers<void>()
  const noted = (line: string) => {
    log.add(line)
    logged.resolve()
  }
  const child = startStage(options, nvmeRoot, waits.grace, forward(context, noted))
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
      logged = Promise.withResolvers()
      await objects.look()
      context.signal.throwIfAborted()
      if (await enough(observed)) break
      const took = performance.now() - before
      const rest = Math.max(every, took)
      const short = Bun.sleep(Math.min(rest, Math.max(lookAgain, 4 * took)))
      await Promise.race([child.done, Bun.sleep(rest), Promise.all([logged.promise, short])])
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

export function stageNumber(stage: StageName): StageNumber {
  return stage === 'stage1' ? 1 : 2
}

export function endOf(end: Exclude<Ended, { kind: 'not-started' }>, stop: Stopped): StageEnd {
  return end.kind === 'exited' ? { stop, code: end.code } : { stop, signal: end.signal }
}

function forward(context: StageContext, also: (line: string) => void): (line: string) => void {
  const log = limitedLog(context.log)
  return (line) => {
    also(line)
    log(line)
  }
}
