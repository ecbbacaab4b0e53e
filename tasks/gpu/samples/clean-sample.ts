import { join } from 'node:path'
import { Problem, type StepContext } from '../../../lib/index.ts'
import type { GpuTelemetry, Look, Telemetry } from '../telemetry/telemetry.ts'
import { isSpoilt, type Looks, type Mark, marksOf, stillSpoilt } from './judge-looks.ts'
import { appendLooks, type LookedAt } from './looks-csv.ts'

export interface Watching {
  readonly telemetry: Telemetry
  /** The processes whose work the samples are. */
  own(): readonly number[]
}

export interface CleanOptions extends Watching {
  /** Which one it is, for the log and the artifact: `triad 3`. */
  readonly sample: string
  /** How often a spoilt one is replaced at most; 3 when absent. */
  readonly replacements?: number | undefined
  /** What becomes of the last one where it is spoilt too; `marked` when absent. */
  readonly otherwise?: 'marked' | 'refused' | undefined
}

/** A step's context is one; its folder gets `looks.csv`. */
export type CleanContext = Pick<StepContext, 'signal' | 'folder'> & Pick<StepContext, 'log'>

export interface Clean<T> {
  readonly value: T
  /** What speaks against it; none of a clean one. */
  readonly marks: readonly Mark[]
  /** How many were taken for it. */
  readonly attempts: number
}

/**
 * Takes a sample while the card is watched. One that was throttled, shared with another process, or at clocks that moved, is replaced; the
 * last of them is given with its marks, or refused by a sentence.
 */
export async function cleanSample<T>(
  take: () => Promise<T>,
  { telemetry, own, sample, replacements = 3, otherwise = 'marked' }: CleanOptions,
  context: CleanContext,
): Promise<Clean<T>> {
  if (telemetry.kind === 'none')
    return { value: await take(), marks: [{ kind: 'not watched', text: telemetry.sentence }], attempts: 1 }
  for (let attempt = 1; ; attempt++) {
    const { looks, taken } = await lookWhile(take, telemetry)
    const marks = marksOf(looks, own())
    const words = marks.map(({ text }) => text).join('; ')
    const keep = (fate: LookedAt['fate']) =>
      appendLooks(looksFile(context), { sample, attempt, looks, fate, marks }, context.log)
    if (taken.status === 'rejected') {
      keep('failed')
      throw taken.reason
    }
    const { value } = taken
    if (!isSpoilt(marks)) {
      keep(marks.length === 0 ? 'clean' : 'marked')
      // What is never told here would be said of every sample.
      if (marks.some(({ kind }) => kind !== 'not watched')) context.log(`${sample}: ${words}`)
      return { value, marks, attempts: attempt }
    }
    if (attempt > replacements) {
      keep(otherwise)
      if (otherwise === 'refused')
        throw new Problem(
          `Cannot take a clean sample of ${sample}: the last of ${attempt} was ${words}. See ${looksName}`,
        )
      context.log(`${sample}: ${words}; the last of ${attempt}, and kept`)
      return { value, marks, attempts: attempt }
    }
    keep('replaced')
    context.log(`${sample}: ${words}; replaced`)
    await untilClear(telemetry, own, context.signal)
  }
}

const looksName = 'looks.csv'

export function looksFile({ folder }: CleanContext): string {
  return join(folder, looksName)
}

/** Looks at the card before, all the while, and once after. */
export async function lookWhile<T>(
  take: () => Promise<T>,
  telemetry: GpuTelemetry,
): Promise<{ readonly looks: Looks; readonly taken: PromiseSettledResult<T> }> {
  const before = await telemetry.look()
  const during: Look[] = []
  let over = false
  const work = take().finally(() => {
    over = true
  })
  const watch = async () => {
    for (;;) {
      const look = await telemetry.look()
      // The one that was waited for when it ended.
      if (over) return [look]
      during.push(look)
      if (look.state === 'lost') return []
    }
  }
  const [[taken], after] = await Promise.all([Promise.allSettled([work]), watch()])
  return { looks: { before: [before], during, after }, taken }
}

/** Some seconds, at 10 to 20 looks a second. */
const clearWithin = 60

/** Gives a hot card, or whoever else uses it, some time. */
async function untilClear(telemetry: GpuTelemetry, own: Watching['own'], signal: AbortSignal): Promise<void> {
  for (let n = 0; n < clearWithin; n++) {
    signal.throwIfAborted()
    if (!stillSpoilt(await telemetry.look(), own())) return
  }
}
