import type { StepEnded } from '../record/event.ts'
import type { RunRecord, StepRecord } from '../record/run-record.ts'

/** What an earlier sitting of the run left for this one. */
export interface Earlier {
  readonly steps: ReadonlyMap<string, StepRecord>
  /** The names of the parameters that differ from then. */
  readonly changedParams: readonly string[]
}

export function earlierOf(record: RunRecord, params: Readonly<Record<string, string>>): Earlier {
  const before = record.heading.params
  const names = Object.keys({ ...before, ...params })
  return {
    steps: new Map(record.steps.map((step) => [step.name, step])),
    changedParams: names.filter((name) => params[name] !== before[name]),
  }
}

export type Decision =
  /** `because` is absent when there was nothing to reuse. */
  | { readonly kind: 'run'; readonly because?: string }
  | { readonly kind: 'reuse'; readonly ended: StepEnded; readonly because: string }

/** Whether a node's earlier end stands, by what it was made from. Where it does not, the sentence says why. */
export function decide(
  earlier: Earlier | undefined,
  node: { readonly name: string; readonly kind: string },
  inputs: string,
  needs: Readonly<Record<string, string>>,
): Decision {
  if (earlier === undefined) return { kind: 'run' }
  if (node.kind === 'check') return { kind: 'run', because: 'checks are judged again' }
  const step = earlier.steps.get(node.name)
  if (step === undefined) return { kind: 'run', because: 'the plan did not have it' }
  const { passed } = step
  if (passed === undefined)
    return {
      kind: 'run',
      because:
        step.ended !== undefined
          ? `it had ${step.ended.outcome}`
          : step.startedAt !== undefined
            ? 'it was running when the run stopped'
            : 'it had not run',
    }
  if (passed.inputs === inputs)
    return { kind: 'reuse', ended: passed, because: 'it passed, and its inputs and parameters are unchanged' }
  if (passed.inputs === undefined) return { kind: 'run', because: 'its output held a secret and was not kept' }
  const changed = Object.keys({ ...needs, ...passed.needs }).filter((need) => needs[need] !== passed.needs?.[need])
  if (changed.length > 0) return { kind: 'run', because: `its inputs changed: ${changed.join(', ')}` }
  return { kind: 'run', because: `the parameters changed: ${earlier.changedParams.join(', ')}` }
}
