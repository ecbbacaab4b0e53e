import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import type { LossAt } from './judge/loss-course.ts'
import { SeenCheckpoint, Source, type TrainingReport } from './report.ts'
import { type Loss, parseProgress, type StepLine } from './steps/progress.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

/** A training that came to its end, in one sitting or, where Assay was killed meanwhile, in more: what it left, in the run's folder. */
export const Trained = v.object({
  command: v.string(),
  /** Where its steps are known from. */
  source: v.optional(Source, 'progress'),
  /** A file with every line of its progress, of all sittings in their order. */
  series: v.string(),
  /** The final weights, a safetensors file; absent where a training that is not ours leaves none that can be found. */
  weights: v.optional(v.string()),
  /** That are there at its end, oldest first. */
  checkpoints: v.array(SeenCheckpoint),
  /** Processes that still ran when it had come to its end; they were ended. */
  leftBehind: v.optional(count, 0),
  /** Images that it could not use: how many, and why not the first one. */
  leftOut: v.optional(v.object({ images: count, first: v.string() })),
  /** What it could not tell MLflow, in its own words, and how many points of metrics that cost. */
  untracked: v.optional(v.array(v.string()), []),
  pointsLost: v.optional(count, 0),
})
export type Trained = v.InferOutput<typeof Trained>

/** What one sitting of an interrupted training did. */
export const Sitting = v.object({
  how: v.string(),
  code: v.optional(v.number()),
  signal: v.optional(v.string()),
  first: v.optional(count),
  last: v.optional(count),
  /** The step of the checkpoint it went on from. */
  resumed: v.optional(count),
  saved: v.array(count),
  refused: v.array(v.string()),
  /** Bytes, of its processes. */
  peakMemory: v.optional(count),
})
export type Sitting = v.InferOutput<typeof Sitting>

export const Interrupted = v.object({ ...Trained.entries, sittings: v.array(Sitting) })
export type Interrupted = v.InferOutput<typeof Interrupted>

export function sittingOf({ how, ended, steps, resumed, saved, refused }: TrainingReport): Sitting {
  return {
    how,
    ...(ended.code !== undefined && { code: ended.code }),
    ...(ended.signal !== undefined && { signal: ended.signal }),
    ...(steps !== undefined && { first: steps.first, last: steps.last }),
    ...(resumed !== undefined && { resumed: resumed.step }),
    saved: saved.map(({ step }) => step),
    refused: refused.map(({ reason }) => reason),
    ...(steps?.peakMemory !== undefined && { peakMemory: steps.peakMemory }),
  }
}

export function trainedOf(report: TrainingReport, series: string): Trained {
  const { command, source, model, checkpoints, leftBehind, leftOut, untracked, pointsLost } = report
  const newest = checkpoints.at(-1)?.path
  const weights = [model?.path, newest && join(newest, 'model.safetensors')].find((path) => path && existsSync(path))
  return {
    command,
    source,
    series,
    ...(weights && { weights }),
    checkpoints,
    leftBehind,
    ...(leftOut[0] && { leftOut: { images: leftOut.length, first: `${leftOut[0].uri}: ${leftOut[0].reason}` } }),
    untracked,
    pointsLost,
  }
}

/** Every step of a training in the order it was done, those that were repeated as often as they were. */
export function stepsOf({ series }: Pick<Trained, 'series'>): readonly StepLine[] {
  if (!existsSync(series)) return []
  return readFileSync(series, 'utf8')
    .split('\n')
    .flatMap((text) => {
      const line = parseProgress(text)
      return line?.event === 'step' ? [line] : []
    })
}

/** The losses that it told of, of the steps in the order they were done. */
export function lossesOf(trained: Pick<Trained, 'series'>): readonly LossAt[] {
  return stepsOf(trained).flatMap(({ step, loss }) => (loss === undefined ? [] : [{ step, loss: lossNumber(loss) }]))
}

/** The number that a loss is, one that JSON has no word for included. */
export function lossNumber(loss: Loss | undefined): number {
  return loss === undefined ? Number.NaN : Number(loss)
}
