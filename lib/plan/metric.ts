/** A number with its unit, which is part of its type. */
export interface Quantity<U extends string> {
  readonly value: number
  readonly unit: U
}

/** What a metric is held against. */
export type Reference<U extends string = string> = BoundReference<U> | RatioReference | BaselineReference

/** Values in the metric's own unit. */
export interface BoundReference<U extends string = string> {
  readonly kind: 'bound'
  readonly unit: U
  readonly low?: number | undefined
  readonly high?: number | undefined
}

/** Another metric of this run; see `timesOf`. */
export interface RatioReference {
  readonly kind: 'ratio'
  readonly of: string
  readonly low?: number | undefined
  readonly high?: number | undefined
}

/** The baseline of this plan on this machine; see `noWorseThanBaseline`. */
export interface BaselineReference {
  readonly kind: 'baseline'
  readonly factor: number
}

/** A named figure of merit: its unit and which way is better. */
export interface Metric<U extends string = string> {
  readonly unit: U
  readonly better: 'higher' | 'lower'
  readonly reference?: Reference<U> | undefined
  /** Which quantile of the samples is the value: 0.99; the median when absent. */
  readonly quantile?: number | undefined
}

export type Metrics = Readonly<Record<string, Metric>>

/** One sample of every metric. */
export type Sample<M extends Metrics> = { readonly [K in keyof M]: Quantity<M[K]['unit']> }

/** `T` of each variant, where a measure has any. */
export type ByVariant<V extends string, T> = [V] extends [never] ? T : { readonly [K in V]: T }

/** The numbers of one round, which were taken side by side. */
export type Round<M extends Metrics, V extends string> = { readonly [K in keyof M]: ByVariant<V, number> }

/** A metric that is worked out of each round, so that what all of a round have in common cancels out. */
export interface Derived<R> extends Metric {
  from(round: R): number
}

export interface MetricOptions {
  readonly quantile?: number
}

export function quantity<const U extends string>(value: number, unit: U): Quantity<U> {
  return { value, unit }
}

/** A metric of which more is better. */
export function higher<const U extends string>(
  unit: U,
  reference?: Reference<NoInfer<U>>,
  options?: MetricOptions,
): Metric<U> {
  return { unit, better: 'higher', reference, ...options }
}

/** A metric of which less is better. */
export function lower<const U extends string>(
  unit: U,
  reference?: Reference<NoInfer<U>>,
  options?: MetricOptions,
): Metric<U> {
  return { unit, better: 'lower', reference, ...options }
}

export function atLeast<const U extends string>(low: number, unit: U): BoundReference<U> {
  return { kind: 'bound', unit, low }
}

export function atMost<const U extends string>(high: number, unit: U): BoundReference<U> {
  return { kind: 'bound', unit, high }
}

/**
 * So many times another metric of this run: one of this measure (`'time'`, `'time[1]'` of a variant), paired round by round, or one of
 * a measure in `needs` (`'bare.time'`, `'bare.time[1]'`), under the name the needs give it. Where the other has variants and none is
 * named, it is the one of the same variant.
 *
 *     lower('s', timesOf('time[1]', { atMost: 4 }))
 */
export function timesOf(
  of: string,
  ratio: { readonly atLeast?: number; readonly atMost: number } | { readonly atLeast: number },
): RatioReference {
  return { kind: 'ratio', of, low: ratio.atLeast, high: 'atMost' in ratio ? ratio.atMost : undefined }
}

/** At most `factor` times the baseline where less is better, at least 1/`factor` of it where more is; `recorded` where there is none yet. */
export function noWorseThanBaseline(factor: number): BaselineReference {
  return { kind: 'baseline', factor }
}
