import type { Plan } from '../plan/plan.ts'
import type { Baseline } from '../record/baseline.ts'
import { fileBaselines } from '../record/baseline-files.ts'
import { paramsKey } from '../record/run-digest.ts'
import { givenParams, recordedParams } from '../run/params.ts'
import { maskFor } from '../run/secrets.ts'
import type { Places } from './places.ts'

export interface BaselineQuestion {
  readonly places: Places
  readonly plan: Plan
  /** The fingerprint of the machine that it is to run on. */
  readonly machine: string
  /** Parameters as given with `--set`, and those of the run that is gone on with. */
  readonly given: Readonly<Record<string, string>>
  earlier(): Readonly<Record<string, string>>
  /** Is told of a baseline that is of something else. */
  tell(line: string): void
}

/** The baseline that a run of this plan is held against: one of this machine, with the same parameters. */
export function baselineFor({ places, plan, machine, given, earlier, tell }: BaselineQuestion): Baseline | undefined {
  const baseline = fileBaselines(places.runs).find(plan.name, machine)
  if (baseline?.params === undefined) return baseline
  const kept = baseline.params
  const mask = maskFor(plan, process.env, given)
  const params = recordedParams(plan, givenParams(plan, process.env, given, earlier()))
  if (mask(paramsKey(params)) === paramsKey(kept)) return baseline
  const names = [...new Set([...Object.keys(kept), ...Object.keys(params)])].filter(
    (name) => kept[name] !== mask(params[name] ?? ''),
  )
  tell(
    `The baseline, run ${baseline.run}, was taken with other parameters (${names.join(', ')}): this run is not held against it\n`,
  )
  return undefined
}
