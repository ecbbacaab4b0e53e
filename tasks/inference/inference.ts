import { rm } from 'node:fs/promises'
import { Failure, Problem } from '../../lib/index.ts'
import type { RunningProcess } from '../../lib/shell/process.ts'
import { freePort } from '../object-store/local-store.ts'
import { refuseCrash, stageFailure } from '../pipeline/black-box-expect.ts'
import { endOf } from '../pipeline/black-box-observe.ts'
import { defaultPoll, type StageContext, type Waits } from '../pipeline/black-box-start.ts'
import { s3Uri } from '../pipeline/uri.ts'
import { watchDocuments } from './documents.ts'
import { classesOf, cleanPrefix, readImages, scratchFolder } from './ground.ts'
import type { FoundDocument, InferenceReport } from './report.ts'
import { defaultConfidence, defaultWaits, type InferenceRun } from './run.ts'
import { counted, elsewhere, scrape } from './scrape.ts'
import { commandText, startInference } from './start.ts'

/** Milliseconds between two looks at what it does. */
const lookEvery = 100
/** Seconds, or so many of its own looks, in which one that forgets what it has done does it again. */
const [forgetful, looks] = [0.5, 3]
const called = 'the inference'

/**
 * Runs an inference over the images at `input` and reports what it wrote to its buckets and said at its metrics endpoint.
 * Throws a Failure when it crashes, hangs or predicts nothing, with the last lines of its log; a Problem when it can't be started. Whatever
 * else it does wrong is for the judge to say.
 */
export async function runInference(run: InferenceRun, context: StageContext): Promise<InferenceReport> {
  const { store, input, mode, model } = run
  const { s3 } = store
  const [images, outputPrefix, port, classes] = await Promise.all([
    readImages(s3, input),
    cleanPrefix(store),
    freePort(),
    classesOf(model),
  ])
  const { sources, corrupt } = images
  if (sources.length + corrupt.length === 0)
    throw new Failure(`Cannot run ${called} as there is no image under ${s3Uri(input.bucket, input.prefix)}`)
  const waits = { ...defaultWaits, ...run.waits }
  const [poll, confidence] = [run.pollInterval ?? defaultPoll, run.reviewConfidence ?? defaultConfidence]
  // Where both buckets are one, only their folders tell what they hold apart.
  const output = { bucket: store.bucket('output'), prefix: `${outputPrefix}annotations/` }
  const review = { bucket: store.bucket('hitl'), prefix: `${outputPrefix}review/` }
  const [written, reviewed] = [output, review].map((place) => watchDocuments(s3, place, input))
  const nvmeRoot = await scratchFolder(context, run.nvme)
  try {
    const told = { outputPrefix, port, nvmeRoot, poll, confidence, grace: waits.grace }
    const child = startInference(run, told, context)
    const documents = async () => (await written?.look()) ?? []
    const seen = await watch(child, { images, mode, port, poll, waits, documents }, context)
    return {
      command: commandText(run),
      mode,
      model: {
        name: model.name,
        ...(model.kind === 'registered' && model.version !== undefined && { version: model.version }),
        ...(classes && { classes: [...classes] }),
      },
      reviewConfidence: confidence,
      output,
      review,
      ...images,
      ...seen,
      documents: [...(await documents())],
      reviews: [...((await reviewed?.look()) ?? [])],
      last: [...child.lastLines(20)],
    }
  } finally {
    await rm(nvmeRoot, { recursive: true, force: true })
  }
}

interface Watched {
  readonly images: Pick<InferenceReport, 'sources' | 'corrupt'>
  readonly mode: 'poll' | 'once'
  readonly port: number
  readonly poll: number
  readonly waits: Waits
  documents(): Promise<readonly FoundDocument[]>
}

/** Looks at its documents and metrics until all is done or nothing more comes, then tells it to stop. */
async function watch(
  child: RunningProcess,
  { images, mode, port, poll, waits, documents }: Watched,
  context: StageContext,
): Promise<Pick<InferenceReport, 'ended' | 'seconds' | 'metrics'>> {
  const { signal, progress } = context
  const { sources, corrupt } = images
  const from = performance.now()
  const elapsed = () => (performance.now() - from) / 1000
  let over = false
  const noted = () => {
    over = true
  }
  child.done.then(noted, noted)
  const metrics: InferenceReport['metrics'] = {}
  let [standing, changed] = ['', 0]
  let allAt: number | undefined
  try {
    while (!over) {
      const scraped = await scrape(port, signal)
      if (scraped) metrics.before ??= scraped
      const found = await documents()
      const named = namedBy(found)
      const done = sources.filter(({ uri }) => named.has(uri)).length
      progress(`${done} of ${sources.length} images`)
      const now = `${found.length} documents, ${counted(scraped)} requests`
      if (now !== standing) [standing, changed] = [now, elapsed()]
      const quiet = elapsed() - changed
      const asked = counted(scraped)
      const all = done === sources.length && asked >= sources.length + corrupt.length
      if (all) allAt ??= elapsed()
      const some = found.length > 0 || asked > 0
      const enough =
        (all && quiet > Math.max(forgetful, looks * poll)) ||
        (some && quiet > waits.quiet) ||
        // It does again what it has done: that it won't leave off is seen by now.
        (allAt !== undefined && elapsed() - allAt > waits.quiet)
      // Once through, it should end by itself.
      if (mode === 'poll' && enough) break
      if (!some && elapsed() > waits.first)
        throw stageFailure(called, `has predicted nothing in ${waits.first} seconds`, child.lastLines(20))
      if (elapsed() > waits.deadline)
        throw stageFailure(called, `is not done after ${waits.deadline} seconds`, child.lastLines(20))
      await Promise.race([child.done, Bun.sleep(Math.min(lookEvery, poll * 1000))])
    }
    if (!over) {
      metrics.after = await scrape(port, signal)
      metrics.elsewhere = await elsewhere(port, signal)
    }
    const stop = await child.stop()
    const seconds = elapsed()
    const how = await child.done
    signal.throwIfAborted()
    if (how.kind === 'not-started') throw new Problem(how.sentence)
    const ended = endOf(how, stop)
    refuseCrash(called, ended, child.lastLines(20))
    return { ended, seconds, metrics }
  } finally {
    const how = await child.stop()
    if (signal.aborted) context.stopped?.(how)
  }
}

/** URIs of the images that have a prediction. */
function namedBy(documents: readonly FoundDocument[]): ReadonlySet<string> {
  return new Set(documents.flatMap((found) => (found.kind === 'valid' ? found.predictions.map(({ uri }) => uri) : [])))
}
