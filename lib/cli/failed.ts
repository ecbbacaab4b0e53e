import { fileStore } from '../record/files.ts'
import { readRecord } from '../report/results.ts'
import type { Selection } from '../run/select.ts'
import { newestRun } from './find-run.ts'
import type { Places } from './places.ts'

/**
 * What of a plan to run again because it failed or errored in its newest run: those steps, and those that were skipped for
 * want of them; all, when no step did. Undefined when the run passed and when there was none.
 */
export function failedLastTime(places: Places, plan: string): Selection | undefined {
  const store = fileStore(places.runs)
  const run = newestRun(store, plan)
  if (run === undefined) return undefined
  const { ended, steps } = readRecord(store, plan, run)
  if (ended?.outcome === 'passed' || ended?.outcome === 'skipped') return undefined
  const wrong = new Set<string>()
  for (const { name, needs, ended } of steps) {
    const outcome = ended?.outcome
    if (outcome === 'failed' || outcome === 'errored') wrong.add(name)
    else if (outcome === 'skipped' && needs.some((need) => wrong.has(need))) wrong.add(name)
  }
  return wrong.size === 0 ? { kind: 'all' } : { kind: 'only', names: [...wrong] }
}
