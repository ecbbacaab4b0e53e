import type { RunRecord } from './run-record.ts'

/** A run that later ones of its plan, on the same machine, are held against. */
export interface Baseline {
  readonly plan: string
  /** The fingerprint of the machine that it ran on. */
  readonly machine: string
  readonly run: string
  /** When it began, in ISO 8601. */
  readonly at: string
  readonly commit?: string | undefined
  /** As its journal has them: numbers taken with other parameters are of something else. */
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

/** Where baselines are kept: one for each plan and machine. */
export interface Baselines {
  find(plan: string, machine: string): Baseline | undefined
  /** In place of the one before of this plan and machine. */
  set(baseline: Baseline): void
  /** Forgets the baseline of one machine, or those of all. */
  clear(plan: string, machine?: string): void
  /** By plan, then by machine. */
  all(): readonly Baseline[]
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
