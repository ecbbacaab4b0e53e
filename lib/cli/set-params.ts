import { didYouMean } from '../plan/did-you-mean.ts'
import type { Plan } from '../plan/plan.ts'
import { cannot } from '../plan/problem.ts'

/** The parameters in what was given with `--set NAME=VALUE`. The last of one name counts. Throws a Problem for one that none of the plans has. */
export function setParams(
  sets: readonly string[],
  plans: readonly { readonly name: string; readonly plan?: Plan | undefined }[],
): Readonly<Record<string, string>> {
  const known = [...new Set(plans.flatMap(({ plan }) => Object.keys(plan?.params ?? {})))]
  const given = new Map<string, string>()
  for (const set of sets) {
    const at = set.indexOf('=')
    if (at < 1) throw cannot('run a plan', '--set', 'NAME=VALUE', set)
    const name = set.slice(0, at)
    // A plan that could not be loaded says so itself, and its parameters are not known.
    if (!known.includes(name) && plans.every(({ plan }) => plan !== undefined))
      throw cannot(
        `run ${plans.map(({ name }) => name).join(', ')}`,
        '--set',
        'a parameter',
        name,
        didYouMean(name, known),
      )
    given.set(name, set.slice(at + 1))
  }
  return Object.fromEntries(given)
}
