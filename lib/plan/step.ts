import type * as v from 'valibot'
import type { Finding } from './check.ts'
import type { StepContext } from './context.ts'
import type { Duration } from './duration.ts'
import type { Inputs, Needs } from './handle.ts'
import type { Json } from './json.ts'
import type { Metrics, Sample } from './metric.ts'

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

export interface MeasureOptions<N extends Needs, M extends Metrics> extends Rules<N> {
  readonly metrics: M
  /** How many samples are recorded; 5 when absent. */
  readonly samples?: number
  /** How many runs come before them and do not count; 1 when absent. */
  readonly warmup?: number
  run(inputs: Inputs<N>, context: StepContext): MaybePromise<Sample<M>>
}

/** What a measure hands on: each metric's samples in the order they were taken. */
export type Samples<M extends Metrics> = { readonly [K in keyof M]: readonly number[] }
