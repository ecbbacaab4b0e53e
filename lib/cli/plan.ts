import { cannot } from '../plan/problem.ts'
import { parseFlags } from './flags.ts'
import { list } from './list.ts'
import { placesOf } from './places.ts'
import { planFlags } from './plan-flags.ts'

/** `plan`: lists, or hands on to what the flags ask for. */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags('plan', planFlags, args)
  const places = placesOf(values.dir)
  if (values.help) {
    const { planHelp } = await import('./plan-help.ts')
    return planHelp(places, positionals)
  }
  if (values.new !== undefined) {
    const { newPlan } = await import('./new-plan.ts')
    return newPlan(places, values.new)
  }
  const selects = positionals.length > 0 || values.tag || values['skip-tag'] || values.failed || values.run
  if (!selects) {
    const { json, dir, ...others } = values
    const [flag] = Object.keys(others)
    if (flag !== undefined)
      throw cannot('run a plan', 'NAME', `given with --${flag}`, 'nothing', `See them: ${places.command('plan')}`)
    return list(places, json ? 'json' : 'text')
  }
  const { runChosen } = await import('./run-plans.ts')
  return runChosen(places, positionals, values)
}
