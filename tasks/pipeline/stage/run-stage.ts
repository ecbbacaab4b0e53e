import { availableParallelism } from 'node:os'
import { cannot, Failure, messageOf, Problem, type WorkContext } from '../../../lib/index.ts'
import type { S3 } from '../../object-store/client.ts'
import { s3Uri } from '../uri.ts'
import { budget, limiter } from './bounded.ts'
import type { StageDefinition } from './definition.ts'
import { sha256 } from './digest.ts'
import { doImages } from './do-images.ts'
import { openLedger } from './ledger.ts'
import { openLocalDisk } from './local-disk.ts'
import { stageLog } from './log.ts'
import { look } from './source.ts'
import { refuseMissingBuckets } from './stage-store.ts'

export interface StageRunOptions {
  readonly inputBucket: string
  readonly inputPrefix: string
  readonly outputBucket: string
  readonly outputPrefix: string
  readonly manifestBucket: string
  readonly dataset: string
  readonly mode: 'once' | 'poll'
  /** Seconds. */
  readonly pollInterval: number
  readonly nvmeRoot: string
  readonly nvmeMinGb: number
}

export interface StageSummary {
  readonly stage: 1 | 2
  readonly dataset: string
  /** Images done in this run. */
  readonly images: number
  readonly outputs: number
  readonly bytes: number
  /** Images that failed in this run. */
  readonly failed: number
  /** Images at the last look that the manifest store knew as processed before this run. */
  readonly known: number
  readonly manifests: readonly string[]
  readonly seconds: number
  readonly ended: 'done' | 'stopped'
}

/** A pass ends here at the latest, so that neither memory nor what a kill leaves unpublished grows with the number that wait. */
const imagesPerPass = 1000
/** Images being staged or uploaded while every core works on another. */
const imagesBesideCores = 4
/** Photos are never held up by it; of scenes of hundreds of megabytes it lets one be read after the other. */
const stagedBytes = 256e6

/**
 * Runs a stage: once over what its prefix holds, or again and again until `context.signal` aborts, which ends it cleanly: images
 * that are in work are finished, the manifest is written.
 * Throws a Failure when too little local disk is free or, once, when no image of several could be done; a Problem when the world
 * isn't as the options say or, once, kept images from being done.
 */
export async function runStage(
  definition: StageDefinition,
  s3: S3,
  options: StageRunOptions,
  context: Pick<WorkContext, 'signal' | 'log'>,
): Promise<StageSummary> {
  refuseOwnOutput(definition, options)
  const { signal } = context
  const log = stageLog((line) => context.log(line))
  const started = performance.now()
  const owner = `stage${definition.stage}-${sha256(JSON.stringify([options.dataset, options.outputBucket, options.outputPrefix])).slice(0, 8)}`
  const disk = await openLocalDisk(options.nvmeRoot, options.nvmeMinGb, owner)
  log({ event: 'started', settings: { stage: definition.stage, ...options, ...definition.settings } })
  await disk.clear()
  const { inputBucket: from, outputBucket: to, manifestBucket } = options
  await refuseMissingBuckets(`run stage ${definition.stage}`, s3, [from, to, manifestBucket])
  const ledger = await openLedger(s3, options.manifestBucket, options.dataset, definition.stage)
  if (ledger.recovered > 0) log({ event: 'recovered', images: ledger.recovered })

  const cores = availableParallelism()
  const { inputBucket, outputBucket, outputPrefix } = options
  const shop = {
    definition,
    s3,
    inputBucket,
    outputBucket,
    outputPrefix,
    disk,
    log,
    signal,
    processing: limiter(cores),
    staging: budget(stagedBytes),
  }
  const total = { images: 0, outputs: 0, bytes: 0, failed: 0 }
  const postponed = { images: 0, reason: '' }
  const manifests: string[] = []
  let known = 0

  const publish = async () => {
    const manifest = await ledger.publish({
      program: 'assay reference pipeline',
      input: s3Uri(inputBucket, options.inputPrefix),
      recipe: definition.recipe,
      settings: definition.settings,
    })
    if (manifest) {
      manifests.push(manifest.uri)
      log({ event: 'manifest', ...manifest })
    }
  }

  const pass = async (first: boolean) => {
    const { sources, ignored } = await look(
      s3,
      inputBucket,
      options.inputPrefix,
      definition.recipe,
      definition.sidecars,
    )
    // After the look and not before it: what was processed by then, the manifests say by now.
    await ledger.refresh()
    const todo = sources.filter((source) => ledger.standing(source) === 'new')
    if (first) known = sources.length - todo.length
    if (first || todo.length > 0) log({ event: 'looked', found: sources.length, ignored, new: todo.length })
    for (let at = 0; at < todo.length; at += imagesPerPass) {
      // Not when a pass is over: until there is more to do, what was staged is evidence that somebody may be slow to look at.
      await disk.clear()
      await disk.checkCapacity()
      try {
        await doImages(todo.slice(at, at + imagesPerPass), cores + imagesBesideCores, shop, ledger, total, postponed)
      } finally {
        await publish()
      }
    }
    // What an interrupted run left is published even when there is nothing new.
    await publish()
    const standings = options.mode === 'once' ? sources.map((source) => ledger.standing(source)) : []
    return { hopeless: standings.length > 0 && !standings.includes('done') && !signal.aborted }
  }

  let hopeless = false
  try {
    const first = await pass(true)
    if (options.mode === 'once') hopeless = first.hopeless
    else
      while (await pause(options.pollInterval, signal)) {
        try {
          await pass(false)
        } catch (error) {
          // A store that is away for a while must not end a stage that is meant to run for days.
          log({ event: 'trouble', reason: messageOf(error) })
        }
      }
  } finally {
    await disk.clear()
  }

  const seconds = (performance.now() - started) / 1000
  const ended = signal.aborted ? 'stopped' : 'done'
  const summary: StageSummary = {
    stage: definition.stage,
    dataset: options.dataset,
    ...total,
    known,
    manifests,
    seconds,
    ended,
  }
  log({ event: 'summary', ...summary })
  if (postponed.images > 0 && options.mode === 'once' && !signal.aborted) {
    const many = `${postponed.images} of its images could not be done for now (${postponed.reason})`
    throw new Problem(`Cannot finish stage ${definition.stage} as ${many}. Run it again: what is done stays done.`)
  }
  if (hopeless)
    throw new Failure(
      `Cannot finish stage ${definition.stage} as every image failed: see the log for each one's reason`,
    )
  return summary
}

/** False when the signal came. */
function pause(seconds: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false)
    const stop = () => {
      clearTimeout(timer)
      resolve(false)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve(true)
    }, seconds * 1000)
    signal.addEventListener('abort', stop, { once: true })
  })
}

/** A stage that reads what it writes would never come to an end. */
function refuseOwnOutput({ stage }: StageDefinition, options: StageRunOptions): void {
  const { inputBucket, inputPrefix, outputBucket, outputPrefix } = options
  if (inputBucket !== outputBucket || !outputPrefix.startsWith(inputPrefix)) return
  const rule = `outside of what it reads, ${s3Uri(inputBucket, inputPrefix)}`
  throw cannot(`run stage ${stage}`, 'OUTPUT_PREFIX', rule, s3Uri(outputBucket, outputPrefix))
}
