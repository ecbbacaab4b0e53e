import { fileStore } from '../record/files.ts'
import type { RunRecord } from '../record/run-record.ts'
import type { Places } from './places.ts'
import type { PlanFlags } from './plan-flags.ts'
import { type Told, tellBy } from './tell-by.ts'
import type { SharedViews } from './views.ts'

/**
 * Listens to what runs leave in `views`; `ended`, called after each plan, then tells of it by `--on-fail` if it failed, and by
 * `--on-change` if it came to something else than before. Without such a flag it does nothing.
 */
export function tellingOfRuns(places: Places, flags: PlanFlags, views: SharedViews) {
  const { 'on-fail': onFail, 'on-change': onChange } = flags
  if (onFail === undefined && onChange === undefined) return { views, ended: async () => {} }
  const records = new Map<string, RunRecord>()
  const reasons = new Map<string, string>()
  const listening: SharedViews = {
    ...views,
    add(record) {
      records.set(record.heading.plan, record)
      views.add(record)
    },
    absent(plan, reason) {
      reasons.set(plan, reason)
      views.absent(plan, reason)
    },
  }
  const ended = async (plan: string, exit: number) => {
    const record = records.get(plan)
    const told: Told = {
      plan,
      exit,
      outcome: record?.ended?.outcome ?? (exit === 75 ? 'overlapped' : 'errored'),
      run: record && { store: fileStore(places.runs), plan, run: record.heading.run },
      reason: reasons.get(plan),
    }
    if (onFail !== undefined && exit !== 0) await tellFailure(places, onFail, told)
    if (onChange !== undefined) {
      const { tellChange } = await import('./on-change.ts') // few runs need it
      await tellChange(places, onChange, told)
    }
  }
  return { views: listening, ended }
}

export function tellFailure(places: Places, command: string, told: Told): Promise<void> {
  return tellBy(places, { flag: '--on-fail', what: 'the failure', command }, told)
}
