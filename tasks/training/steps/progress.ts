import * as v from 'valibot'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

/** A loss, or what JSON has no number for. */
export const Loss = v.union([v.number(), v.picklist(['NaN', 'Infinity', '-Infinity'])])
export type Loss = v.InferOutput<typeof Loss>

/** One step as a training says it; a foreign one may say less. Times in seconds. */
export const StepLine = v.object({
  event: v.literal('step'),
  /** 1 for the first one. */
  step: count,
  loss: v.optional(Loss),
  epoch: v.optional(v.number()),
  lr: v.optional(v.number()),
  step_seconds: v.optional(v.number()),
  /** Of that, how long it waited for its images. */
  data_seconds: v.optional(v.number()),
  /** Of all instances together. */
  images: v.optional(count),
  memory_bytes: v.optional(v.number()),
  /** Seconds since 1970. */
  time: v.optional(v.number()),
  /** Its number may be another: nobody said it, or a bar of progress did, which shows the loss of a step with the number of that or of the one before. */
  uncertain: v.optional(v.literal(true)),
})
export type StepLine = v.InferOutput<typeof StepLine>

const Started = v.object({ event: v.literal('started'), steps: v.optional(count) })
const Resumed = v.object({
  event: v.literal('resumed'),
  step: count,
  path: v.string(),
  /** How long it took to read and restore it. */
  seconds: v.optional(v.number()),
})
const Saved = v.object({
  event: v.literal('checkpoint'),
  step: count,
  path: v.string(),
  seconds: v.optional(v.number()),
  bytes: v.optional(v.number()),
})
const Refused = v.object({ event: v.literal('checkpoint refused'), path: v.string(), reason: v.string() })
const Validated = v.object({
  event: v.literal('validation'),
  step: count,
  loss: v.optional(Loss),
  accuracy: v.optional(v.number()),
  images: v.optional(count),
  seconds: v.optional(v.number()),
})
const Tracked = v.object({
  event: v.literal('tracked'),
  run: v.string(),
  experiment: v.optional(v.string()),
  uri: v.optional(v.string()),
})
const Untracked = v.object({ event: v.literal('tracking failed'), what: v.string(), reason: v.string() })
/** Points that never came to be in MLflow. */
const Lost = v.object({ event: v.literal('tracking lost'), points: count })
const LeftOut = v.object({ event: v.literal('left out'), uri: v.string(), reason: v.string() })
const EnvironmentChanged = v.object({ event: v.literal('environment changed'), what: v.string() })
const Registered = v.object({ event: v.literal('registered'), model: v.string(), version: v.string() })
const EndedLine = v.object({
  event: v.literal('ended'),
  how: v.picklist(['finished', 'stopped', 'refused', 'failed']),
  reason: v.optional(v.string()),
})

/** A line of what a training says on the descriptor that `PROGRESS_FD` names. */
export const ProgressLine = v.variant('event', [
  StepLine,
  Started,
  Resumed,
  Saved,
  Refused,
  Validated,
  Tracked,
  Untracked,
  Lost,
  Registered,
  LeftOut,
  EnvironmentChanged,
  EndedLine,
])
export type ProgressLine = v.InferOutput<typeof ProgressLine>
export type EventLine = Exclude<ProgressLine, StepLine>

/** What Python's json writes of a number that JSON has no word for. */
const bare = /([:[,]\s*)(NaN|-?Infinity)(?=\s*[,}\]])/g

/** JSON as Python writes it. */
export function pythonJson(line: string): unknown {
  return JSON.parse(line.replace(bare, '$1"$2"'))
}

/** A whole line, or undefined for one that says nothing we know: not JSON, another event, a field of another kind. */
export function parseProgress(line: string): ProgressLine | undefined {
  try {
    const result = v.safeParse(ProgressLine, pythonJson(line))
    return result.success ? result.output : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** More of a line than this is no line of progress. */
const longestLine = 64 * 1024

export interface LineReader {
  add(bytes: Uint8Array): void
  /** Whether the last line is not whole, as where the training was killed over it. */
  torn(): boolean
}

/** Hands on each whole line of bytes that come in pieces; what is torn at the end, or far too long, is not handed on. */
export function readLines(onLine: (line: string) => void): LineReader {
  const decoder = new TextDecoder()
  let rest = ''
  return {
    add(bytes) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
      rest = (lines.pop() ?? '').slice(0, longestLine)
      for (const line of lines) if (line.length < longestLine) onLine(line)
    },
    torn: () => rest !== '',
  }
}
