import type { FindingRecord, MetricRecord, Outcome, StepEnded } from '../record/event.ts'
import type { RunRecord, StepRecord } from '../record/run-record.ts'
import { logFile } from '../run/context.ts'

/** How a selected step ended. */
export interface StepEnd {
  readonly name: string
  readonly kind: StepRecord['kind']
  readonly outcome: Outcome
  readonly reason: string | undefined
  readonly stack: string | undefined
  readonly startedAt: string | undefined
  /** In seconds; undefined where nothing ran or nobody saw the end. */
  readonly duration: number | undefined
  readonly attempts: number
  readonly findings: readonly FindingRecord[]
  readonly metrics: readonly MetricRecord[]
  /** Relative to the run's folder; undefined where nothing ran, and there only if something was logged. */
  readonly log: string | undefined
}

/** The ends of the selected steps in the order of the plan, as `endedSteps` has them. */
export function endsOf(record: RunRecord): readonly StepEnd[] {
  return endedSteps(record).map(({ name, kind, startedAt, ended }) => {
    const ran = ended.attempts > 0 || ended.reused === true
    return {
      name,
      kind,
      outcome: ended.outcome,
      reason: ended.reason,
      stack: ended.stack,
      startedAt: ended.started ?? startedAt,
      duration: ran ? ended.duration : undefined,
      attempts: ended.attempts,
      findings: ended.findings ?? [],
      metrics: ended.metrics ?? [],
      log: ran || startedAt !== undefined ? logFile : undefined,
    }
  })
}

/**
 * The selected steps, each with an end. A journal without its end is that of a run that died, as far as anybody can read
 * from it: what had begun is `aborted`, what had not is `skipped`.
 */
export function endedSteps({ steps }: RunRecord): readonly (StepRecord & { readonly ended: StepEnded })[] {
  return steps.filter(({ selected }) => selected).map((step) => ({ ...step, ended: step.ended ?? cutShort(step) }))
}

function cutShort({ name, startedAt }: StepRecord): StepEnded {
  const end = { event: 'step-ended', at: '', step: name, duration: 0, attempts: 0 } as const
  return startedAt === undefined
    ? { ...end, outcome: 'skipped', reason: 'because the run stopped before it' }
    : { ...end, outcome: 'aborted', reason: 'the run stopped before it ended' }
}
