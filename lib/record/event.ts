import * as v from 'valibot'
import type { Json } from '../plan/json.ts'

/** The version of everything in a journal; it goes up with any change that an older reader would misunderstand. */
export const journalSchema = 1

// Every value that is read came out of JSON.parse, so there is nothing left to look at inside it. What goes in is not typed
// as Json, which has no end: the compiler would follow it where our declarations are checked.
const json: v.GenericSchema<unknown, Json> = v.custom<Json>((value) => value !== undefined)

export const outcome = v.picklist(['passed', 'failed', 'errored', 'skipped', 'aborted'])
/** How a step ended; `failed`: the system under test is wrong, `errored`: the test or the world is. */
export type Outcome = v.InferOutput<typeof outcome>

export const verdict = v.picklist(['pass', 'marginal', 'fail', 'undecided', 'recorded'])
export type Verdict = v.InferOutput<typeof verdict>

const seconds = v.pipe(v.number(), v.minValue(0))

/** One judgement of a check, as it is kept. */
export const findingRecord = v.object({
  name: v.string(),
  verdict: v.picklist(['pass', 'fail', 'undecided']),
  reason: v.optional(v.string()),
  expected: v.optional(json),
  actual: v.optional(json),
})
export interface FindingRecord extends v.InferOutput<typeof findingRecord> {}

const range = v.object({ low: v.number(), high: v.number() })

/** A metric's samples and how they were judged, as they are kept. */
export const metricRecord = v.object({
  name: v.string(),
  unit: v.string(),
  better: v.picklist(['higher', 'lower']),
  samples: v.array(v.number()),
  /** The bounds of its reference, in its unit. */
  low: v.optional(v.number()),
  high: v.optional(v.number()),
  /** Which of the measure's variants; `name` is then `metric[variant]`. */
  variant: v.optional(v.string()),
  /** Which quantile of the samples is the value; absent: the median. */
  quantile: v.optional(v.number()),
  value: v.optional(v.number()),
  /** Holds the true value at `level` (0.95: nineteen times in twenty). */
  interval: v.optional(v.object({ ...range.entries, level: v.number() })),
  /** What it was held against besides bounds: a metric of this run or a baseline's run, its value, and what the ratio may be. */
  against: v.optional(
    v.object({
      kind: v.picklist(['metric', 'baseline']),
      name: v.string(),
      value: v.number(),
      low: v.optional(v.number()),
      high: v.optional(v.number()),
    }),
  ),
  /** The value over that of `against`, with its interval. */
  ratio: v.optional(v.object({ value: v.number(), ...range.entries })),
  verdict,
  /** The verdict in one sentence. */
  because: v.optional(v.string()),
  /** About how many samples would have decided it. */
  needed: v.optional(v.number()),
  /** What speaks against believing the samples. */
  warnings: v.optional(v.array(v.object({ kind: v.string(), text: v.string() }))),
  /** The file of the run that has every sample, with when it was taken. */
  raw: v.optional(v.string()),
})
export interface MetricRecord extends v.InferOutput<typeof metricRecord> {}

/** How a measure's samples were taken. */
export const samplingRecord = v.object({
  /** Of the order of variants within each round. */
  seed: v.number(),
  rounds: v.number(),
  warmup: v.object({ rounds: v.number(), steady: v.boolean(), because: v.string() }),
  /** How many operations each timed span held, by variant where there are any. */
  batch: v.optional(v.record(v.string(), v.number())),
  /** Why no more were taken. */
  stopped: v.picklist(['fixed', 'precise', 'decided', 'budget', 'most']),
  /** What the machine did meanwhile that may show in the numbers. */
  disturbances: v.optional(v.array(v.object({ kind: v.string(), text: v.string() }))),
})
export interface SamplingRecord extends v.InferOutput<typeof samplingRecord> {}

/** Where a run ran. Never holds a secret: what is not listed here is not recorded. */
export const environment = v.object({
  host: v.string(),
  cpu: v.string(),
  cores: v.number(),
  memory: v.number(),
  os: v.string(),
  bun: v.string(),
  /** Tells machines apart whose numbers cannot be compared. */
  machine: v.optional(v.string()),
  /** What `noise` had found there: the smallest relative change that so many samples can show; absent where it had not been run. */
  detectable: v.optional(v.array(v.object({ n: v.number(), change: v.number() }))),
  gpu: v.optional(v.string()),
  driver: v.optional(v.string()),
  commit: v.optional(v.string()),
  dirty: v.optional(v.boolean()),
})
export interface Environment extends v.InferOutput<typeof environment> {}

/** What a plan's outputs are made by: the hash of each file of its code, under its path in the repository. */
const code = v.record(v.string(), v.string())
export type Code = Readonly<v.InferOutput<typeof code>>

const nodeKind = v.picklist(['service', 'step', 'check', 'measure'])

/** What is known of a run before its first step. */
const heading = v.object({
  at: v.string(),
  plan: v.string(),
  kind: v.picklist(['functional', 'performance', 'smoke']),
  title: v.string(),
  run: v.string(),
  /** As they were given, in text; a secret one is not there. */
  params: v.record(v.string(), v.string()),
  tags: v.array(v.string()),
  /** The command that runs it again. */
  again: v.string(),
  nodes: v.array(v.object({ name: v.string(), kind: nodeKind, needs: v.array(v.string()) })),
  /** The names of the nodes chosen by `--only` or `--until`; absent: all. */
  selected: v.optional(v.array(v.string())),
  environment,
  /** Absent: it was not looked at. */
  code: v.optional(code),
  /** How the processes of this run are found again, should it be killed; see shell/tag.ts. */
  tree: v.optional(
    v.object({
      pid: v.number(),
      /** What marks them on this boot of the machine. */
      tag: v.optional(v.string()),
      boot: v.optional(v.string()),
      /** Why they have no mark, so that only their process groups are known. */
      unmarked: v.optional(v.string()),
    }),
  ),
})
export interface Heading extends v.InferOutput<typeof heading> {}

const runStarted = v.object({ event: v.literal('run-started'), schema: v.number(), ...heading.entries })

const runResumed = v.object({ event: v.literal('run-resumed'), ...heading.entries })

const announced = v.object({ event: v.literal('announced'), at: v.string(), text: v.string() })

/** What it took to end programs that were told to: SIGTERM, or SIGKILL after their grace. */
const stopped = v.optional(v.picklist(['term', 'kill']))

const service = v.object({
  event: v.literal('service'),
  at: v.string(),
  name: v.string(),
  state: v.picklist(['starting', 'ready', 'errored', 'stopped']),
  detail: v.optional(v.string()),
  reason: v.optional(v.string()),
  /** Once it is ready: what it looked for is not there, and who needs it skips itself. */
  absent: v.optional(v.literal(true)),
  /** Once it is ready: the GPU that the run's numbers are taken on. */
  gpu: v.optional(v.object({ name: v.string(), driver: v.string() })),
  duration: v.optional(seconds),
  stopped,
  /** Once it stopped: how many requests to it were repeated, by the plan and its programs. */
  retries: v.optional(v.number()),
})

const stepStarted = v.object({
  event: v.literal('step-started'),
  at: v.string(),
  step: v.string(),
  attempt: v.number(),
  /** Why it runs and is not reused, or why it runs again. */
  because: v.optional(v.string()),
})

const stepEnded = v.object({
  event: v.literal('step-ended'),
  at: v.string(),
  step: v.string(),
  outcome,
  /** When its first attempt began, and for how long it ran; of a reused step, those of the run that made its output. */
  started: v.optional(v.string()),
  duration: seconds,
  attempts: v.number(),
  /** One sentence, for every outcome but `passed`. */
  reason: v.optional(v.string()),
  /** Of a step whose programs were told to stop: what it took for the last of them. */
  stopped,
  /** Where in the code, for an error that is not the user's. */
  stack: v.optional(v.string()),
  /** What its function returned, as JSON. */
  output: v.optional(json),
  /** The commands that it ran and whose programs are not of the repository. */
  foreign: v.optional(v.array(v.string())),
  /** Identifies the inputs and parameters that the output was made from. */
  inputs: v.optional(v.string()),
  /** Each need with the hash of what it handed on, to say which one changed. */
  needs: v.optional(v.record(v.string(), v.string())),
  findings: v.optional(v.array(findingRecord)),
  metrics: v.optional(v.array(metricRecord)),
  /** Of a measure. */
  sampling: v.optional(samplingRecord),
  /** `true`: nothing ran, an earlier output of this run stands. */
  reused: v.optional(v.literal(true)),
  /** Why it could be reused, for `--explain`. */
  because: v.optional(v.string()),
})

const runEnded = v.object({
  event: v.literal('run-ended'),
  at: v.string(),
  outcome,
  reason: v.optional(v.string()),
  exit: v.number(),
  duration: seconds,
  /** What its services left is removed after this line: whoever finds it there finds what a kill left. */
  removes: v.optional(v.literal(true)),
})

// Interfaces and not aliases: the compiler works out each shape once and then goes by its name.
export interface RunStarted extends v.InferOutput<typeof runStarted> {}
export interface RunResumed extends v.InferOutput<typeof runResumed> {}
export interface Announced extends v.InferOutput<typeof announced> {}
export interface ServiceEvent extends v.InferOutput<typeof service> {}
export interface StepStarted extends v.InferOutput<typeof stepStarted> {}
export interface StepEnded extends v.InferOutput<typeof stepEnded> {}
export interface RunEnded extends v.InferOutput<typeof runEnded> {}

/** One line of a journal. */
export type RunEvent = RunStarted | RunResumed | Announced | ServiceEvent | StepStarted | StepEnded | RunEnded

export const runEvent: v.GenericSchema<unknown, RunEvent> = v.variant('event', [
  runStarted,
  runResumed,
  announced,
  service,
  stepStarted,
  stepEnded,
  runEnded,
])
