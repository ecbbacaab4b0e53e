import { messageOf } from '../plan/problem.ts'
import type { Outcome } from '../record/event.ts'
import { countsOf, type RunRecord } from '../record/run-record.ts'

export interface Policy {
  /** `undecided` and `marginal` fail the run. */
  readonly strict: boolean
  /** A run of which everything was skipped passes. */
  readonly allowSkip: boolean
}

/** What a run comes to once all its steps have ended. */
export function summing(
  record: RunRecord,
  signal: AbortSignal,
  { strict, allowSkip }: Policy,
): { readonly outcome: Outcome; readonly exit: number; readonly reason?: string } {
  const steps = record.steps.filter((step) => step.selected)
  const has = (outcome: Outcome) => steps.some(({ ended }) => ended?.outcome === outcome)
  if (signal.aborted) return { outcome: 'aborted', exit: exitOf(signal.reason), reason: messageOf(signal.reason) }
  if (has('failed')) return { outcome: 'failed', exit: 1 }
  const errored = record.services.find(({ state }) => state === 'errored')
  if (errored !== undefined) return { outcome: 'errored', exit: 2, reason: `${errored.name}: ${errored.reason}` }
  if (has('errored')) return { outcome: 'errored', exit: 2 }
  if (steps.some(({ ended }) => ended === undefined))
    return { outcome: 'errored', exit: 2, reason: 'a step never ended' }
  if (strict) {
    const { checks, measures } = countsOf(steps)
    const open = checks.undecided + measures.undecided + measures.marginal
    if (open > 0) return { outcome: 'failed', exit: 1, reason: `${open} undecided or marginal under --strict` }
  }
  if (has('passed')) return { outcome: 'passed', exit: 0 }
  if (allowSkip) return { outcome: 'skipped', exit: 0 }
  return { outcome: 'skipped', exit: 2, reason: 'everything was skipped; --allow-skip makes that a success' }
}

/** Why a run was told to stop, with the exit code that tells the caller. */
export class Interrupted extends Error {
  readonly exit: number
  /** Milliseconds until all must be over, where there is a hurry. */
  readonly within: number | undefined
  constructor(reason: string, exit: number, within?: number) {
    super(reason)
    this.exit = exit
    this.within = within
  }
}

function exitOf(reason: unknown): number {
  return reason instanceof Interrupted ? reason.exit : 2
}
