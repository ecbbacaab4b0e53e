/** Stands for what a step, check, measure or service will hand on; only the plan that made it can use it. */
export interface Handle<T> {
  readonly kind: NodeKind
  readonly name: string
  /** Only a type: looked up by property, which costs the compiler the same at any size of plan. */
  readonly '~types'?: { readonly output: T } | undefined
}

export type NodeKind = 'service' | 'step' | 'check' | 'measure'

/** What a step needs, by the names it knows them by; an array of handles becomes an array of outputs. */
export type Needs = Readonly<Record<string, Handle<unknown> | readonly Handle<unknown>[]>>

export type Inputs<N extends Needs> = { readonly [K in keyof N]: Resolved<N[K]> }

type Resolved<H> = H extends Handle<unknown> ? NonNullable<H['~types']>['output'] : Outputs<H>

type Outputs<L> = {
  readonly [I in keyof L]: L[I] extends Handle<unknown> ? NonNullable<L[I]['~types']>['output'] : never
}
