import type { Plan } from '../plan/plan.ts'
import { type Baseline, namesApart } from '../record/baseline.ts'
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
  const baselines = fileBaselines(places.runs)
  const ofMachine = baselines.all(plan.name).filter((one) => one.machine === machine)
  if (ofMachine.length === 0) return undefined
  const mask = maskFor(plan, process.env, given)
  const params = recordedParams(plan, givenParams(plan, process.env, given, earlier()))
  const baseline = baselines.find(plan.name, machine, mask(paramsKey(params)))
  if (baseline !== undefined) return baseline
  const masked = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, mask(value)]))
  const [nearest] = ofMachine
    .map(({ run, params: kept }) => ({ run, names: namesApart(kept, masked) }))
    .sort((a, b) => a.names.length - b.names.length)
  if (nearest !== undefined)
    tell(
      `The baseline, run ${nearest.run}, was taken with other parameters (${nearest.names.join(', ')}): this run is not held against it\n`,
    )
  return undefined
}
