import type { Json } from '../plan/json.ts'
import type { Code, StepEnded } from '../record/event.ts'
import type { RunRecord, StepRecord } from '../record/run-record.ts'
import type { Store } from '../record/store.ts'

/** What an earlier sitting of the run left for this one. */
export interface Earlier {
  readonly steps: ReadonlyMap<string, StepRecord>
  /** The names of the parameters that differ from then. */
  readonly changedParams: readonly string[]
  /** How the code that made what a step left compares with that of now. */
  codeOf(step: StepRecord): CodeChange
  /** Whether a text of an output is the path of a file of this run that is no longer there. */
  isGone(text: string): boolean
}

export type CodeChange =
  | { readonly kind: 'same' }
  | { readonly kind: 'changed'; readonly files: readonly string[] }
  /** This sitting does not look at its code. */
  | { readonly kind: 'unchecked' }
  /** The earlier one did not. */
  | { readonly kind: 'unrecorded' }

/** What an earlier sitting left for one with these parameters and this code. */
export function earlierOf(
  record: RunRecord,
  params: Readonly<Record<string, string>>,
  code: Code | undefined,
  store: Pick<Store, 'isGone'>,
): Earlier {
  // All steps of a sitting have the same code.
  const known = new Map<Code | undefined, CodeChange>()
  return {
    steps: new Map(record.steps.map((step) => [step.name, step])),
    changedParams: differing(record.heading.params, params),
    codeOf(step) {
      const change = known.get(step.code) ?? codeChange(step.code, code)
      known.set(step.code, change)
      return change
    },
    isGone: (text) => store.isGone(record.heading.plan, record.heading.run, text),
  }
}

export function codeChange(before: Code | undefined, now: Code | undefined): CodeChange {
  if (now === undefined) return { kind: 'unchecked' }
  if (before === undefined) return { kind: 'unrecorded' }
  const files = differing(before, now)
  return files.length === 0 ? { kind: 'same' } : { kind: 'changed', files }
}

/** The names under which the two have different texts, or only one has any. */
function differing(before: Readonly<Record<string, string>>, now: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys({ ...before, ...now }).filter((name) => before[name] !== now[name])
}

/** What of a run's code and parameters is not as it was; undefined when all is. */
export function changesSince(
  before: RunRecord,
  params: Readonly<Record<string, string>>,
  code: Code | undefined,
): string | undefined {
  const change = codeChange(before.heading.code, code)
  const files =
    change.kind === 'changed'
      ? [`its code (${shortened(change.files)})`]
      : change.kind === 'unrecorded'
        ? ['perhaps its code, which was not recorded']
        : []
  const names = differing(before.heading.params, params)
  const changed = [...files, ...(names.length > 0 ? [`its parameters (${names.join(', ')})`] : [])]
  return changed.length === 0 ? undefined : `changed since it ran before: ${changed.join(' and ')}`
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
  if (passed === undefined) return { kind: 'run', because: whyNotPassed(step) }
  if (passed.inputs === undefined) return { kind: 'run', because: 'its output held a secret and was not kept' }
  const code = earlier.codeOf(step)
  if (code.kind === 'unrecorded') return { kind: 'run', because: 'which code made it was not recorded' }
  if (code.kind === 'changed') return { kind: 'run', because: `its code changed: ${shortened(code.files)}` }
  if (passed.inputs === inputs) {
    const gone = findText(passed.output, earlier.isGone)
    if (gone !== undefined) return { kind: 'run', because: `${gone} in its output is gone` }
    return { kind: 'reuse', ended: passed, because: unchanged(passed, code.kind) }
  }
  const changed = Object.keys({ ...needs, ...passed.needs }).filter((need) => needs[need] !== passed.needs?.[need])
  if (changed.length > 0) return { kind: 'run', because: `its inputs changed: ${changed.join(', ')}` }
  return { kind: 'run', because: `the parameters changed: ${earlier.changedParams.join(', ')}` }
}

/** The first text anywhere in `json` that is one. */
function findText(json: Json | undefined, isOne: (text: string) => boolean): string | undefined {
  if (typeof json === 'string') return isOne(json) ? json : undefined
  if (typeof json !== 'object' || json === null) return undefined
  for (const part of Object.values(json)) {
    const found = findText(part, isOne)
    if (found !== undefined) return found
  }
  return undefined
}

function whyNotPassed({ ended, startedAt }: StepRecord): string {
  if (ended === undefined) return startedAt === undefined ? 'it had not run' : 'it was running when the run stopped'
  return ended.outcome === 'skipped' || ended.outcome === 'aborted'
    ? `it was ${ended.outcome}`
    : `it had ${ended.outcome}`
}

function unchanged({ foreign = [] }: StepEnded, code: 'same' | 'unchecked'): string {
  const checked =
    code === 'same'
      ? 'its inputs, parameters and code are unchanged'
      : 'its inputs and parameters are unchanged; its code was not checked'
  const programs = foreign.length === 0 ? '' : `; the programs it ran were not checked: ${foreign.join(', ')}`
  return `it passed, and ${checked}${programs}`
}

/** `a.ts, b.ts, c.ts and 4 more`. */
function shortened(files: readonly string[]): string {
  const most = 3
  const more = files.length > most + 1 ? ` and ${files.length - most} more` : ''
  return files.slice(0, more === '' ? most + 1 : most).join(', ') + more
}
