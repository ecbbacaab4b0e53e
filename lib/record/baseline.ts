import { paramsKey } from './run-digest.ts'
import type { RunRecord } from './run-record.ts'

/** Why a metric that has a reference to a baseline was held against none. */
export const noBaseline = 'there is no baseline yet'

/** A run that later ones of its plan, on the same machine and with the same parameters, are held against. */
export interface Baseline {
  readonly plan: string
  /** The fingerprint of the machine that it ran on. */
  readonly machine: string
  readonly run: string
  /** When it began, in ISO 8601. */
  readonly at: string
  readonly commit?: string | undefined
  /** As its journal has them: numbers taken with other parameters are of something else. Undefined: an older Assay did not say. */
  readonly params?: Readonly<Record<string, string>> | undefined
  readonly metrics: readonly BaselineMetric[]
}

/** The samples themselves, so that a ratio to them has an interval, and so that the run need not be read. */
export interface BaselineMetric {
  readonly step: string
  /** As in the record: `rate`, or `rate[variant]`. */
  readonly metric: string
  readonly unit: string
  readonly samples: readonly number[]
}

/** Where baselines are kept: one for each plan, machine and parameters. */
export interface Baselines {
  /** `params`: as `paramsKey` has them. One that does not say its own stands in for those that have none. */
  find(plan: string, machine: string, params: string): Baseline | undefined
  /** In place of the one before of this plan, machine and parameters. */
  set(baseline: Baseline): void
  /** Forgets this one. */
  remove(baseline: Baseline): void
  /** Forgets the baselines of one machine, or those of all. */
  clear(plan: string, machine?: string): void
  /** Those of a plan, or of all: by plan, then by machine, then by when they began. */
  all(plan?: string): readonly Baseline[]
}

/** What a baseline's parameters are known by; undefined where it does not say them. */
export function keyOf({ params }: Baseline): string | undefined {
  return params && paramsKey(params)
}

/** The names of the parameters that differ, as far as they are known. */
export function namesApart(a: Baseline['params'] = {}, b: Baseline['params'] = {}): readonly string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => a[name] !== b[name])
}

export function inOrder(baselines: readonly Baseline[]): readonly Baseline[] {
  const order = ({ plan, machine, at }: Baseline) => [plan, machine, at].join('\n')
  return baselines.toSorted((a, b) => (order(a) < order(b) ? -1 : 1))
}

/** What a run would be a baseline of; undefined for one that does not say on which machine it ran, as those of an older Assay do not. */
export function baselineOf({ heading, startedAt, steps }: RunRecord): Baseline | undefined {
  const { machine, commit } = heading.environment
  if (machine === undefined) return undefined
  const metrics = steps.flatMap(({ name: step, ended }) =>
    (ended?.metrics ?? []).flatMap(({ name: metric, unit, samples }) =>
      samples.length === 0 ? [] : [{ step, metric, unit, samples }],
    ),
  )
  const { plan, run, params } = heading
  return { plan, machine, run, at: startedAt, ...(commit !== undefined && { commit }), params, metrics }
}
