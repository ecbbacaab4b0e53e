import { cannot, messageOf, Problem } from '../plan/problem.ts'
import type { Places } from './places.ts'
import { trackingPlaces } from './tracking-places.ts'

/** Milliseconds that a command waits, before it runs anything, for a place to say whether it will take runs. */
const moment = 1000

/** For each named place that shows runs, the sentence of why it would take none now; none for one that would. */
export async function unwillingPlaces(places: Places, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const named = (await trackingPlaces(places)).filter(({ variable }) => env[variable])
  const asked = named.map(async (place) => {
    const limits = { signal: AbortSignal.timeout(moment), patience: moment }
    let name = ''
    try {
      const open = place.open(env, limits)
      name = open.name
      await open.check?.()
      return []
    } catch (error) {
      const late = limits.signal.aborted
      if (!late && !(error instanceof Problem)) throw error
      if (name === '') return [messageOf(error)]
      const found = `${name} (${late ? `no answer within ${moment / 1000} s` : messageOf(error)})`
      const next = `Until it is, runs are owed: ${places.command('report')} --mlflow sends them`
      return [cannot('show runs', place.variable, 'a server that takes runs', found, next).message]
    }
  })
  return (await Promise.all(asked)).flat()
}
