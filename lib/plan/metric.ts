/** A number with its unit, which is part of its type. */
export interface Quantity<U extends string> {
  readonly value: number
  readonly unit: U
}

/** What a metric is held against. */
export interface Reference<U extends string> {
  readonly unit: U
  readonly low?: number | undefined
  readonly high?: number | undefined
}

/** A named figure of merit: its unit and which way is better. */
export interface Metric<U extends string = string> {
  readonly unit: U
  readonly better: 'higher' | 'lower'
  readonly reference?: Reference<U> | undefined
}

export type Metrics = Readonly<Record<string, Metric>>

/** One sample of every metric. */
export type Sample<M extends Metrics> = { readonly [K in keyof M]: Quantity<M[K]['unit']> }

export function quantity<const U extends string>(value: number, unit: U): Quantity<U> {
  return { value, unit }
}

/** A metric of which more is better. */
export function higher<const U extends string>(unit: U, reference?: Reference<NoInfer<U>>): Metric<U> {
  return { unit, better: 'higher', reference }
}

/** A metric of which less is better. */
export function lower<const U extends string>(unit: U, reference?: Reference<NoInfer<U>>): Metric<U> {
  return { unit, better: 'lower', reference }
}

export function atLeast<const U extends string>(low: number, unit: U): Reference<U> {
  return { unit, low }
}

export function atMost<const U extends string>(high: number, unit: U): Reference<U> {
  return { unit, high }
}
