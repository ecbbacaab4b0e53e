import type * as v from 'valibot'
import type { Bytes, Duration } from './duration.ts'
import type { Handle, Needs } from './handle.ts'
import type { Metrics } from './metric.ts'
import type { Params, ParamValues } from './param.ts'
import type { Schedule } from './schedule.ts'
import type { Service } from './service.ts'
import type { CheckOptions, MeasureOptions, OutputSchema, Samples, StepOptions } from './step.ts'

export type PlanKind = 'functional' | 'performance' | 'smoke'

/** What is known of a plan without building it. */
export interface PlanHeader<P extends Params = Params> {
  /** The name of its file, without the ending. */
  readonly name: string
  readonly kind: PlanKind
  readonly title: string
  readonly params?: P
  /** Words to select plans by: slow, gpu, network … */
  readonly tags?: readonly string[]
  /** When it should run by itself. */
  readonly schedule?: Schedule
  /** The whole run is aborted after this long. */
  readonly timeout?: Duration
  /** Variables that must be set. */
  readonly env?: readonly string[]
  /** Programs that must be on PATH. */
  readonly programs?: readonly string[]
  /** Disk that must be free where the runs are kept. */
  readonly disk?: Bytes
  /** How many of each named resource there are; 1 when not said. */
  readonly slots?: Readonly<Record<string, number>>
}

export interface Plan<P extends Params = Params> extends PlanHeader<P> {
  build(plan: PlanBuilder, params: ParamValues<P>): void
}

/** The four verbs of a plan. Each returns a handle that later ones can need. */
export interface PlanBuilder {
  use<Client>(service: Service<Client>): Handle<Client>
  step<const N extends Needs, S extends OutputSchema>(options: StepOptions<N, S>): Handle<v.InferOutput<S>>
  check<const N extends Needs>(options: CheckOptions<N>): Handle<null>
  measure<
    const N extends Needs,
    const M extends Metrics,
    const V extends string = never,
    const D extends string = never,
  >(options: MeasureOptions<N, M, V, D>): Handle<Samples<M, V, D>>
}

/**
 * Declares a plan; the default export of `plans/<name>.ts`.
 *
 *     export default definePlan({ name: 'smoke-disk', kind: 'smoke', title: 'The disk holds what it is given' }, (plan) => {
 *       const written = plan.step({ name: 'write', output: v.number(), run: () => 42 })
 *       plan.check({ name: 'read back', needs: { written }, run: ({ written }) => [equal('bytes', written, 42)] })
 *     })
 */
export function definePlan<const P extends Params = Record<never, never>>(
  header: PlanHeader<P>,
  build: (plan: PlanBuilder, params: ParamValues<P>) => void,
): Plan<P> {
  return { ...header, build }
}
