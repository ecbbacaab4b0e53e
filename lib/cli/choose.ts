import { didYouMean } from '../plan/did-you-mean.ts'
import { cannot } from '../plan/problem.ts'
import { unknownPlan } from './load.ts'
import type { Places } from './places.ts'
import type { ListedPlan } from './plan-cache.ts'

export interface Choice {
  /** Names and patterns (`functional-*`); none: every plan. */
  readonly names: readonly string[]
  readonly tags: readonly string[]
  readonly skipTags: readonly string[]
}

/**
 * The plans that were asked for, each once, in the order they were named. One that can't be loaded has no known tags and is
 * kept: a broken plan must not go missing unseen. Throws a Problem for a name or tag that no plan has.
 */
export function choosePlans(places: Places, plans: readonly ListedPlan[], choice: Choice): readonly ListedPlan[] {
  const { names, tags, skipTags } = choice
  const named = names.length === 0 ? plans : names.flatMap((name) => matching(places, plans, name))
  const known = plans.flatMap((plan) => (plan.problem === undefined ? plan.tags : []))
  for (const tag of [...tags, ...skipTags])
    if (!known.includes(tag))
      throw cannot('choose plans', 'tag', 'a tag of some plan', tag, didYouMean(tag, [...new Set(known)].sort()))
  return [...new Set(named)].filter(
    (plan) =>
      plan.problem !== undefined ||
      ((tags.length === 0 || plan.tags.some((tag) => tags.includes(tag))) &&
        !plan.tags.some((tag) => skipTags.includes(tag))),
  )
}

function matching(places: Places, plans: readonly ListedPlan[], name: string): readonly ListedPlan[] {
  const exact = plans.filter((plan) => plan.name === name)
  if (exact.length > 0) return exact
  const pattern = new Bun.Glob(name)
  const found = /[*?[{]/.test(name) ? plans.filter((plan) => pattern.match(plan.name)) : []
  if (found.length === 0) throw unknownPlan(places, name)
  return found
}
