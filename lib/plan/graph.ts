import type { Finding } from './check.ts'
import type { MeasureContext, StepContext } from './context.ts'
import type { Derived, Metrics, Quantity } from './metric.ts'
import type { Service } from './service.ts'
import type { MaybePromise, OutputSchema, Retry } from './step.ts'

/**
 * A plan as data: nodes in the order they were declared, so that every need points backwards and a cycle cannot be
 * written. Types end here: what a node's function is given was checked when the plan was compiled.
 */
export interface Graph {
  readonly nodes: readonly Node[]
}

export type Node = ServiceNode | StepNode | CheckNode | MeasureNode
export type WorkNode = Exclude<Node, ServiceNode>

interface NodeBase {
  readonly index: number
  readonly name: string
}

export interface ServiceNode extends NodeBase {
  readonly kind: 'service'
  readonly service: Service<unknown>
}

type Erased = Readonly<Record<string, unknown>>

interface WorkBase extends NodeBase {
  /** Which nodes, under the names the function knows them by. */
  readonly needs: Readonly<Record<string, number | readonly number[]>>
  readonly timeout: number | undefined
  readonly retry: Retry | undefined
  readonly exclusive: boolean
  readonly slots: Readonly<Record<string, number>>
  skipUnless?(inputs: Erased, context: StepContext): MaybePromise<true | string>
}

export interface StepNode extends WorkBase {
  readonly kind: 'step'
  readonly output: OutputSchema
  run(inputs: Erased, context: StepContext): MaybePromise<unknown>
  stillThere?(output: unknown, inputs: Erased, context: StepContext): MaybePromise<boolean>
}

export interface CheckNode extends WorkBase {
  readonly kind: 'check'
  run(inputs: Erased, context: StepContext): MaybePromise<readonly Finding[]>
}

export interface MeasureNode extends WorkBase {
  readonly kind: 'measure'
  readonly metrics: Metrics
  /** None: the measure has no variants. */
  readonly variants: readonly string[]
  readonly derived: Readonly<Record<string, Derived<Erased>>>
  readonly rule: SamplingRule
  readonly warmup: number | 'steady'
  readonly seed: number | undefined
  run(inputs: Erased, context: SampleContext): MaybePromise<Readonly<Record<string, Quantity<string>>>>
}

/** `variant`: undefined where there are none. */
export type SampleContext = Omit<MeasureContext<string>, 'variant'> & { readonly variant: string | undefined }

/** When a measure has samples enough. */
export type SamplingRule =
  | { readonly kind: 'fixed'; readonly samples: number; readonly budget: number | undefined }
  | {
      readonly kind: 'until sure'
      readonly least: number
      readonly most: number
      readonly precision: number
      /** Milliseconds. */
      readonly budget: number
    }

/** The indexes a node needs, each once, in the order they are named. */
export function needsOf(node: Node): readonly number[] {
  return node.kind === 'service' ? [] : [...new Set(Object.values(node.needs).flat())]
}
