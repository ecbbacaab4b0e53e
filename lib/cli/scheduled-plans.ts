import { cannot } from '../plan/problem.ts'
import { type Timetable, timetableOf } from '../plan/schedule.ts'
import { listPlans } from './list-plans.ts'
import { unknownPlan } from './load.ts'
import type { Places } from './places.ts'
import type { ScheduleState } from './schedule-state.ts'

export interface ScheduledPlan {
  readonly name: string
  readonly timetable: Timetable
}

/**
 * The plans that have a schedule, in the order of the list; of those in `names` if there are any. One that can't be loaded
 * (`problems`: its sentence) or is gone has the schedule that cron was told of: the night must fail, not go missing. Throws
 * a Problem for a name that has none.
 */
export async function scheduledPlans(
  places: Places,
  names: readonly string[],
  state: ScheduleState,
): Promise<{ readonly plans: readonly ScheduledPlan[]; readonly problems: readonly string[] }> {
  const listed = await listPlans(places, () => Promise.resolve())
  const wanted = listed.filter(({ name }) => names.length === 0 || names.includes(name))
  const known = (name: string): ScheduledPlan[] => {
    const kept = state.plans[name]
    return kept === undefined ? [] : [{ name, timetable: { cron: kept.cron, zone: kept.zone } }]
  }
  const plans = wanted.flatMap((plan): ScheduledPlan[] => {
    const { name } = plan
    if (plan.problem !== undefined) return known(name)
    if (plan.schedule !== undefined) return [{ name, timetable: timetableOf(name, plan.schedule) }]
    if (!names.includes(name) || known(name).length > 0) return []
    throw cannot('ask what is due', 'PLAN', 'a plan with a schedule', name)
  })
  const gone = names.filter((name) => !listed.some((plan) => plan.name === name))
  for (const name of gone) {
    if (known(name).length === 0) throw unknownPlan(places, name)
    plans.push(...known(name))
  }
  return { plans, problems: wanted.flatMap(({ problem }) => problem ?? []) }
}
