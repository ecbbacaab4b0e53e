import { Failure } from '../../lib/index.ts'
import { entriesOf, isComplete, madeNothing, refuseCrash, stageFailure } from './black-box-expect.ts'
import { cleanGround } from './black-box-ground.ts'
import { readOutputs, readSources } from './black-box-objects.ts'
import { type Observed, observe } from './black-box-observe.ts'
import {
  commandText,
  defaultPoll,
  type StageContext,
  type StageName,
  type StageRun,
  sizeNames,
} from './black-box-start.ts'
import type { Arrival, Refusal, SecondPass, SeenFile, SourceImage, StageReport } from './evidence.ts'
import { parseS3Uri, s3Uri } from './uri.ts'

export type { StageContext, StageName, StageRun, StageStore, Waits } from './black-box-start.ts'
export { Refusal, SecondPass, StageReport } from './evidence.ts'

/** More gigabytes than any disk has free. */
const noDiskHasThat = 1e9

export interface FirstRun extends StageRun {
  readonly mode: 'poll' | 'once'
  /** Polling only: an image of this name is put in once the others are done. */
  readonly late?: string | undefined
}

/**
 * Runs a stage over the images at `input` and reports what it left in its buckets, on local disk and in its log.
 * Throws a Failure when it crashes, hangs or makes nothing of any image, with the last lines of its log; a Problem when it can't be
 * started. Whatever else it does wrong is for the judge to say.
 */
export async function runStage(stage: StageName, run: FirstRun, context: StageContext): Promise<StageReport> {
  const { store, input, mode } = run
  const [ground, found] = await Promise.all([cleanGround(stage, run), readSources(store.s3, input)])
  const { output } = ground
  const sources = await withoutEarlierLate(run, found)
  if (sources.length === 0) {
    throw new Failure(`Cannot run ${stage} as there is no image under ${s3Uri(input.bucket, input.prefix)}`)
  }
  const each = stage === 'stage2' ? sizeNames(run).length : undefined
  const arrival = lateArrival(run, sources)
  const longestPause = pauses()
  let firstObject: number | undefined

  const enough = async (observed: Observed) => {
    const { objects, waits, process } = observed
    await arrival.prepare()
    const made = objects.written().length
    if (made > 0) firstObject ??= observed.elapsed()
    context.progress(`${made}${each === undefined ? '' : ` of ${each * sources.length}`} objects`)
    if (made === 0 && observed.elapsed() > waits.first) {
      const what = `has made nothing of ${sources.length} images in ${waits.first} seconds`
      throw stageFailure(stage, what, process.lastLines(20))
    }
    if (observed.elapsed() > waits.deadline) {
      throw stageFailure(stage, `is not done after ${waits.deadline} seconds`, process.lastLines(20))
    }
    const quiet = Math.min(observed.quiet(), observed.elapsed() - arrival.at())
    const patience = Math.max(waits.quiet, 2 * longestPause(quiet, arrival.at()))
    if (made > 0 && quiet > patience) return mode === 'once' || !(await arrival.next(observed))
    // Once through, it should end by itself.
    if (mode === 'once' || quiet < (run.pollInterval ?? defaultPoll)) return false
    const uriOf = (key: string) => s3Uri(output.bucket, key)
    return isComplete(sources, each, observed, uriOf) && !(await arrival.next(observed))
  }
  const seen = await observe({ stage, run, mode, context, ground, enough })
  refuseCrash(stage, seen.ended, seen.log.last)
  if (madeNothing(seen.objects)) {
    const { stop, code } = seen.ended
    const ended =
      stop === 'by itself' ? ` and ended by itself with ${code} after ${seen.seconds.toFixed(1)} seconds` : ''
    throw stageFailure(stage, `has made nothing of ${sources.length} images${ended}`, seen.log.last)
  }
  const { objects } = seen
  const manifests = objects.manifests().map(({ before, ...manifest }) => manifest)
  const puts = await putTimes(run, output.bucket, 0)
  const outputs = await readOutputs({
    s3: store.s3,
    ...output,
    objects: [...objects.objects().values()],
    named: new Set(entriesOf(manifests).map((entry) => entry.output_uri)),
    arrival: (key): Arrival => {
      const receivedAt = puts?.get(key)
      return receivedAt === undefined ? objects.arrival(key) : { by: 'store', receivedAt }
    },
  })
  const images = outputs.filter(({ image }) => image.kind !== 'other').length
  const late = arrival.report()?.kind === 'put' ? ' (one put in late)' : ''
  const repeated = seen.repeated === 0 ? '' : `, ${seen.repeated} request${seen.repeated === 1 ? '' : 's'} repeated`
  context.progress(`${sources.length}${late} → ${images} images${repeated}`)
  return {
    stage,
    command: commandText(stage, run),
    mode,
    sizes: sizeNames(run).join(','),
    dataset: ground.dataset,
    output,
    ended: seen.ended,
    seconds: seen.seconds,
    firstObject: firstObject ?? seen.seconds,
    sources,
    ...(run.late !== undefined && mode === 'poll' && { late: arrival.report() }),
    outputs,
    manifests,
    files: [...seen.files],
    log: seen.log,
  }
}

/** Runs the stage of `first` once more over the same images and says what that changed. Throws a Failure when it crashes. */
export async function runStageAgain(first: StageReport, run: StageRun, context: StageContext): Promise<SecondPass> {
  const { stage, output } = first
  const processed = new Set(entriesOf(first.manifests).map((entry) => entry.source_uri))
  // Without manifests all count as processed. An image that the first run missed may well be made now.
  const missed = first.sources.filter(({ uri }) => processed.size > 0 && !processed.has(uri)).map(({ uri }) => uri)
  const seen = await observe({ stage, run, mode: 'once', context, ground: first, enough: idle(first) })
  refuseCrash(stage, seen.ended, seen.log.last)
  const puts = await putTimes(run, output.bucket, seen.startedAt)
  const before = new Set(first.outputs.map(({ uri }) => uri))
  const keys = new Set([...seen.objects.written(), ...(puts?.keys() ?? [])])
  const written = [...keys].filter((key) => key.startsWith(output.prefix)).map((key) => s3Uri(output.bucket, key))
  const entries = entriesOf(seen.objects.manifests().filter((manifest) => !manifest.before))
  const ofProcessed = new Set(
    entries.filter((entry) => processed.has(entry.source_uri)).map((entry) => entry.output_uri),
  )
  return {
    ended: seen.ended,
    created: written.filter((uri) => !before.has(uri) && (missed.length === 0 || ofProcessed.has(uri))).sort(),
    rewritten: written.filter((uri) => before.has(uri)).sort(),
    named: [...new Set(entries.map((entry) => entry.source_uri).filter((uri) => processed.has(uri)))].sort(),
    results: missed.length > 0 ? [] : pathsUnder('output/', seen.files),
  }
}

/**
 * Runs the stage of `first` over the same images, under another data set and output prefix, and tells it that more local disk must be free
 * than any machine has.
 */
export async function runStageWithoutSpace(first: StageReport, run: StageRun, context: StageContext): Promise<Refusal> {
  const { stage } = first
  const output = { bucket: first.output.bucket, prefix: `${first.output.prefix.replace(/\/$/, '')}-without-space/` }
  const ground = { dataset: `${first.dataset}-without-space`, output }
  const starved = { ...run, nvmeMinGb: noDiskHasThat }
  const patient = idle(first)
  const enough = (observed: Observed) => observed.objects.written().length > 0 || patient(observed)
  const seen = await observe({ stage, run: starved, mode: 'once', context, ground, enough })
  return {
    ended: seen.ended,
    staged: pathsUnder('', seen.files),
    written: seen.objects.written().map((key) => s3Uri(output.bucket, key)),
    last: [...seen.log.last],
  }
}

/** It has had ample time to do something and did nothing more. */
function idle({ firstObject }: StageReport) {
  return (observed: Observed) =>
    observed.quiet() > Math.max(observed.waits.quiet, 2 * firstObject) || observed.elapsed() > observed.waits.deadline
}

function pathsUnder(folder: string, files: readonly SeenFile[]): string[] {
  return [...new Set(files.map(({ path }) => path).filter((path) => path.startsWith(folder)))].sort()
}

/** The longest time without anything new that something new of the stage's did follow; what was put in at `put` is not its own. */
function pauses() {
  let longest = 0
  let before = { quiet: 0, put: 0 }
  return (quiet: number, put: number) => {
    if (quiet < before.quiet && put === before.put) longest = Math.max(longest, before.quiet)
    before = { quiet, put }
    return longest
  }
}

/** The image that is put in while the stage polls, and when that was. */
function lateArrival({ store, input, late, mode }: FirstRun, sources: SourceImage[]) {
  let put: { readonly uri: string; readonly at: number } | undefined
  const none = late === undefined || mode === 'once'
  return {
    at: () => put?.at ?? 0,
    report: (): StageReport['late'] => (put ? { kind: 'put', uri: put.uri } : { kind: 'ended before' }),
    /** Draws it, for the time in which the stage starts. */
    prepare: async () => void (none || (await drawLate())),
    /** Puts it in; false when there is none, or it is in already. */
    next: async (observed: Observed): Promise<boolean> => {
      if (none || put) return false
      const { bytes, width, height } = await drawLate()
      // One of the images may be called so.
      let key = input.prefix + late
      while (sources.some((source) => source.uri === s3Uri(input.bucket, key)))
        key = `${input.prefix}again/${key.slice(input.prefix.length)}`
      await store.s3.put(input.bucket, key, bytes, 'image/jpeg')
      const uri = s3Uri(input.bucket, key)
      sources.push({ uri, bytes: bytes.length, sha256: Bun.SHA256.hash(bytes, 'hex'), width, height })
      put = { uri, at: observed.elapsed() }
      return true
    },
  }
}

let drawn: ReturnType<typeof draw> | undefined

function drawLate(): ReturnType<typeof draw> {
  drawn ??= draw()
  return drawn
}

async function draw() {
  const { drawPhoto } = await import('../images/samples.ts')
  const [width, height] = [320, 240]
  return { width, height, bytes: await drawPhoto({ width, height, seed: 77 }) }
}

/** The images but for the one that an attempt which was cut short put in late: it is taken away, so that this attempt finds what the first one found. */
async function withoutEarlierLate(
  { store, input, late, mode }: FirstRun,
  sources: readonly SourceImage[],
): Promise<SourceImage[]> {
  const candidates = late === undefined || mode === 'once' ? [] : sources.filter(({ uri }) => uri.endsWith(`/${late}`))
  if (candidates.length === 0) return [...sources]
  const sha256 = Bun.SHA256.hash((await drawLate()).bytes, 'hex')
  const earlier = new Set(candidates.filter((source) => source.sha256 === sha256).map(({ uri }) => uri))
  const keys = [...earlier].map((uri) => parseS3Uri(uri).key)
  if (keys.length > 0) await store.s3.remove(input.bucket, keys)
  return sources.filter(({ uri }) => !earlier.has(uri))
}

/** When the store received what stands under each key of the bucket now, as far as it says and no earlier than `since`. */
async function putTimes({ store }: StageRun, bucket: string, since: number): Promise<Map<string, number> | undefined> {
  const events = await store.putEvents?.()
  if (events === undefined) return undefined
  const recent = events.filter((event) => event.bucket === bucket && event.arrived >= since)
  return new Map(recent.map(({ key, arrived }) => [key, arrived]))
}
