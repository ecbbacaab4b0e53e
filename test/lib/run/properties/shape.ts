import fc from 'fast-check'

/** A random plan, as data. Every time in it is virtual. */
export interface Shape {
  readonly services: readonly ServiceShape[]
  readonly nodes: readonly NodeShape[]
  readonly jobs: number
  /** How long the disk takes to make safe what was written. */
  readonly sync: number
}

export interface ServiceShape {
  readonly start: number
  readonly stop: number
  readonly fate: 'runs' | 'is late' | 'does not start' | 'is never ready' | 'does not stop'
  readonly until: Until
}

export interface NodeShape {
  readonly kind: 'step' | 'check' | 'measure'
  /** Indexes of nodes before it. */
  readonly needs: readonly number[]
  readonly services: readonly number[]
  readonly alone: boolean
  readonly slots: { readonly gpu: number; readonly net: number }
  /** How long its function takes; 0: it returns no promise. Even, where timeouts are odd: a tie has no right answer. */
  readonly takes: number
  readonly timeout: number | undefined
  /** Whether its function ends when it is told to. */
  readonly obeys: boolean
  /** How many of its attempts throw, and what. */
  readonly throws: number
  readonly outcome: 'failed' | 'errored'
  readonly retries: number
  readonly backoff: number
  /** Whether `retry.when` accepts what was thrown. */
  readonly worthwhile: boolean
  readonly skip: 'never' | 'says so' | 'throws'
  /** `salted`: another output each time; `wrong`: what a check fails by, a measure's bounds forbid and a step's schema refuses. */
  readonly output: 'plain' | 'salted' | 'wrong'
  /** What `stillThere` says of an earlier output; `none`: there is no proof. */
  readonly proof: 'none' | 'there' | 'gone' | 'throws'
  /** Until when it throws, skips or is wrong. */
  readonly until: Until
}

/** The world may be mended between the first sitting and the next. */
export type Until = 'for ever' | 'mended'

export const capacity = { gpu: 2, net: 3 } as const

const until = fc.constantFrom<Until>('for ever', 'mended', 'mended')

/** Mostly the first: what breaks a step is rare, or hardly anything after it would ever run. */
function mostly<T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof({ arbitrary: fc.constant(usual), weight: 14 }, { arbitrary: fc.constantFrom(...others), weight: 1 })
}

const service: fc.Arbitrary<ServiceShape> = fc.record({
  start: fc.constantFrom(0, 3, 20),
  stop: fc.constantFrom(0, 5),
  fate: mostly<ServiceShape['fate']>('runs', 'is late', 'does not start', 'is never ready', 'does not stop'),
  until,
})

const node = fc.record({
  kind: fc.constantFrom<NodeShape['kind']>('step', 'step', 'step', 'step', 'check', 'measure'),
  needs: fc.array(fc.nat(), { maxLength: 3 }),
  services: fc.array(fc.nat(), { maxLength: 2 }),
  alone: fc.constantFrom(false, false, false, true),
  slots: fc.record({ gpu: fc.nat(capacity.gpu), net: fc.constantFrom(0, 0, 0, 1, 2, capacity.net) }),
  takes: fc.constantFrom(0, 0, 2, 4, 6, 8, 10, 9000),
  timeout: mostly<number | undefined>(undefined, 3, 7, 5001, 20_001),
  obeys: fc.boolean(),
  throws: mostly(0, 1, 1, 2, 9),
  outcome: fc.constantFrom('failed', 'errored'),
  retries: fc.constantFrom(0, 0, 1, 2),
  backoff: fc.constantFrom(0, 3),
  worthwhile: mostly(true, false),
  skip: mostly<NodeShape['skip']>('never', 'says so', 'throws'),
  output: fc.oneof(
    mostly<NodeShape['output']>('plain', 'wrong'),
    fc.constantFrom<NodeShape['output']>('plain', 'salted'),
  ),
  proof: fc.constantFrom<NodeShape['proof']>('none', 'none', 'none', 'there', 'gone', 'throws'),
  until,
})

export const shapes: fc.Arbitrary<Shape> = fc
  .record({
    services: fc.array(service, { maxLength: 3 }),
    nodes: fc.array(node, { minLength: 1, maxLength: 14 }),
    jobs: fc.integer({ min: 1, max: 4 }),
    sync: fc.constantFrom(0, 1, 5),
  })
  .map(({ nodes, services, ...rest }) => ({
    ...rest,
    services,
    nodes: nodes.map((node, index) => ({
      ...node,
      needs: indexes(node.needs, index),
      services: indexes(node.services, services.length),
    })),
  }))

function indexes(any: readonly number[], count: number): readonly number[] {
  return count === 0 ? [] : [...new Set(any.map((one) => one % count))]
}
