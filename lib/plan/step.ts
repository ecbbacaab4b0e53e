import type * as v from 'valibot'
import type { Finding } from './check.ts'
import type { MeasureContext, StepContext } from './context.ts'
import type { Duration } from './duration.ts'
import type { Inputs, Needs } from './handle.ts'
import type { Json } from './json.ts'
import type { ByVariant, Derived, Metrics, Round, Sample } from './metric.ts'

export type MaybePromise<T> = T | Promise<T>

/** The schema of a step's output: its input is JSON and is stored, its output is handed on. */
export type OutputSchema = v.GenericSchema<Json, unknown>

/** Runs the step's function again after a failure that `when` accepts (all, when absent). */
export interface Retry {
  /** How many more times. */
  readonly times: number
  readonly when?: ((error: unknown) => boolean) | undefined
  /** The pause before the first retry, doubled for each further one. */
  readonly backoff?: Duration | undefined
}

/** What a step, check or measure may say of how it wants to run. */
export interface Rules<N extends Needs> {
  readonly name: string
  readonly needs?: N
  /** Longer than this and it is `failed`. */
  readonly timeout?: Duration
  readonly retry?: Retry
  /** `alone`: nothing else runs meanwhile (the default of a measure); `shared`: others may. */
  readonly exclusive?: 'alone' | 'shared'
  /** What it takes of named resources: `{ gpu: 1 }`. */
  readonly slots?: Readonly<Record<string, number>>
  /** `true`, or the reason why it is skipped. */
  skipUnless?(inputs: Inputs<N>, context: StepContext): MaybePromise<true | string>
}

export interface StepOptions<N extends Needs, S extends OutputSchema> extends Rules<N> {
  readonly output: S
  run(inputs: Inputs<N>, context: StepContext): MaybePromise<v.InferInput<S>>
  /** Proof that what an earlier run left in the world still stands, asked before its output is reused. */
  stillThere?(output: v.InferOutput<S>, inputs: Inputs<N>, context: StepContext): MaybePromise<boolean>
}

export interface CheckOptions<N extends Needs> extends Rules<N> {
  run(inputs: Inputs<N>, context: StepContext): MaybePromise<readonly Finding[]>
}

/** How many samples a measure takes: a fixed number, or as many as it needs to be sure. */
export type SampleRule =
  | {
      /** Exactly so many rounds. */
      readonly samples: number
      readonly minSamples?: never
      readonly maxSamples?: never
      readonly precision?: never
    }
  | {
      readonly samples?: never
      /** Nothing is decided before so many rounds; 10 when absent. */
      readonly minSamples?: number
      /** No more rounds than this; 1000 when absent. */
      readonly maxSamples?: number
      /** How tight the interval of each metric is to be: half its width over the value; 0.02 when absent. */
      readonly precision?: number
    }

interface Measuring<N extends Needs, M extends Metrics, V extends string, D extends string> extends Rules<N> {
  readonly metrics: M
  /** Each round takes one sample of every variant, in a random order. */
  readonly variants?: readonly V[]
  /** Metrics that are worked out of the others, round by round. */
  readonly derived?: Readonly<Record<D, Derived<Round<M, V>>>>
  /** No round begins after this long, warm-up included; `30 s` when absent, without end where `samples` is given. */
  readonly budget?: Duration
  /** How many rounds come first and do not count; `steady`, the default: until the numbers no longer tend up or down. */
  readonly warmup?: number | 'steady'
  /** Of the order of variants; `ASSAY_SEED` when absent, else drawn for each run. The record has it. */
  readonly seed?: number
  run(inputs: Inputs<N>, context: MeasureContext<V>): MaybePromise<Sample<M>>
}

export type MeasureOptions<
  N extends Needs,
  M extends Metrics,
  V extends string = never,
  D extends string = never,
> = Measuring<N, M, V, D> & SampleRule

/** What a measure hands on: each metric's samples in the order they were taken, by variant where there are any. */
export type Samples<M extends Metrics, V extends string = never, D extends string = never> = {
  readonly [K in keyof M]: ByVariant<V, readonly number[]>
} & { readonly [K in D]: readonly number[] }
