import * as v from 'valibot'
import { Loss } from './steps/progress.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

/** How a training came to its end, as far as can be told from outside. */
export const HowEnded = v.picklist([
  'finished',
  /** It was told to and did, in its own time. */
  'stopped',
  /** It said that it can't be done as it was asked to. */
  'refused',
  'failed',
  /** By a signal that it can't have heard. */
  'killed',
])
export type HowEnded = v.InferOutput<typeof HowEnded>

/** Of all steps of one sitting. Times in seconds, absent where it doesn't say them. */
export const StepSummary = v.object({
  count,
  first: count,
  last: count,
  /** Of the whole training, where it says so. */
  total: v.optional(count),
  medianSeconds: v.optional(v.number()),
  /** Of the time of all steps, what went into waiting for images. */
  dataShare: v.optional(v.number()),
  imagesPerSecond: v.optional(v.number()),
  images: v.optional(count),
  peakMemory: v.optional(count),
})
export type StepSummary = v.InferOutput<typeof StepSummary>

export const SeenCheckpoint = v.object({
  step: count,
  path: v.string(),
  files: v.array(v.object({ name: v.string(), bytes: count })),
  /** How long saving took, where the training says so. */
  seconds: v.optional(v.number()),
})
export type SeenCheckpoint = v.InferOutput<typeof SeenCheckpoint>

/** All that was seen of one sitting of a training: from its start to its end, however that came. */
/** Where the steps of a training are known from. */
export const Source = v.picklist(['progress', 'log', 'mlflow', 'nothing'])
export type Source = v.InferOutput<typeof Source>

export const TrainingReport = v.object({
  command: v.string(),
  /** Where its steps are known from. */
  source: Source,
  how: HowEnded,
  /** Its own sentence, where it gave one. */
  reason: v.optional(v.string()),
  ended: v.object({
    stop: v.picklist(['by itself', 'term', 'kill']),
    code: v.optional(v.number()),
    signal: v.optional(v.string()),
  }),
  seconds: v.number(),
  steps: v.optional(StepSummary),
  /** One for each step in the order they came, unless they are many: then they are in the series alone. */
  losses: v.optional(v.array(v.object({ step: count, loss: Loss }))),
  /** A file with every line of progress. */
  series: v.optional(v.string()),
  resumed: v.optional(v.object({ step: count, path: v.string() })),
  /** Checkpoints that it took for damaged. */
  refused: v.array(v.object({ path: v.string(), reason: v.string() })),
  /** Images that it could not use. */
  leftOut: v.array(v.object({ uri: v.string(), reason: v.string() })),
  /** What is not as it was when the checkpoint was saved that it went on from, so that bits may differ: `torch`, `threads`. */
  environmentChanged: v.array(v.string()),
  /** Saved in this sitting, by its own word. */
  saved: v.array(v.object({ step: count, path: v.string(), seconds: v.optional(v.number()) })),
  /** Those that are there when it has ended, oldest first. */
  checkpoints: v.array(SeenCheckpoint),
  validations: v.array(v.object({ step: count, loss: v.optional(Loss), accuracy: v.optional(v.number()) })),
  /** Its run in MLflow. */
  tracked: v.optional(v.object({ run: v.string(), experiment: v.optional(v.string()), uri: v.optional(v.string()) })),
  /** What it could not do there. */
  untracked: v.array(v.string()),
  /** Points of metrics that it could not send until its end. */
  pointsLost: count,
  registered: v.optional(v.object({ model: v.string(), version: v.string() })),
  model: v.optional(v.object({ path: v.string(), bytes: count, sha256: v.string() })),
  /** Lines of progress that said nothing we know, and whether the last one was broken off. */
  unread: count,
  torn: v.boolean(),
  /** Lines of progress, or steps in its log, that were too many to be kept. */
  unkept: count,
  /** Processes that still ran when it had ended by itself; they were ended. */
  leftBehind: count,
  last: v.array(v.string()),
})
export type TrainingReport = v.InferOutput<typeof TrainingReport>
