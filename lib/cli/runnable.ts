import { givenParams } from '../run/params.ts'
import { checkPreconditions, checkServices } from '../run/preconditions.ts'
import { maskFor, withoutSecrets } from '../run/secrets.ts'
import { select } from '../run/select.ts'
import { graphOf } from './dry-run.ts'
import { loadPlan } from './load.ts'
import type { Places } from './places.ts'
import { setParams } from './set-params.ts'

/** Throws the Problem that a run of the plan `name` with these `--set` and variables would meet before it begins. Writes nothing. */
export async function refuseUnrunnable(
  places: Places,
  name: string,
  sets: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const plan = await loadPlan(places, name)
  const params = setParams(sets, [{ name, plan }])
  try {
    const graph = graphOf(places, plan, givenParams(plan, env, params, {}))
    checkPreconditions(plan, env, places.root)
    await checkServices(graph, select(graph, name, { kind: 'all' }), env)
  } catch (error) {
    throw withoutSecrets(error, maskFor(plan, env, params))
  }
}
