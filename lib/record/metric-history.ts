import type { Verdict } from './event.ts'

/** What one run found of a metric. A history is a list of them, oldest first. */
export interface MetricHistory {
  readonly run: string
  /** When the run began, in ISO 8601. */
  readonly at: string
  readonly commit?: string | undefined
  /** The fingerprint of the machine; absent in journals of an older Assay. */
  readonly machine?: string | undefined
  readonly value: number
  /** The interval that holds the true value, where there were samples enough to tell. */
  readonly low?: number | undefined
  readonly high?: number | undefined
  readonly n: number
  readonly verdict: Verdict
}

/** A metric of a plan and what its runs found of it. */
export interface MetricTrend {
  readonly step: string
  /** As in the record: `rate`, or `rate[variant]`. */
  readonly metric: string
  readonly unit: string
  readonly better: 'higher' | 'lower'
  /** Oldest first. */
  readonly history: readonly MetricHistory[]
}
