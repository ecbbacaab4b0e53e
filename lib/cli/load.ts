import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { didYouMean } from '../plan/did-you-mean.ts'
import type { Plan } from '../plan/plan.ts'
import { cannot, messageOf, Problem } from '../plan/problem.ts'
import { timetableOf } from '../plan/schedule.ts'
import { type Places, planNames } from './places.ts'

/** Where the plan `name` is. */
export function planFile({ plans }: Places, name: string): string {
  return join(plans, `${name}.ts`)
}

/** The plan of `plans/<name>.ts`. Throws a Problem that says what is wrong with the file, and where. */
export async function loadPlan(places: Places, name: string): Promise<Plan> {
  const path = planFile(places, name)
  if (!existsSync(path)) throw unknownPlan(places, name)
  const loaded = await loadDefault(path, `load plan ${name}`, places)
  const file = relative(places.root, path)
  if (!isPlan(loaded))
    throw cannot(
      `load plan ${name}`,
      `the default export of ${file}`,
      'a plan',
      kindOf(loaded),
      'Use: export default definePlan({ … }, (plan) => { … })',
    )
  if (loaded.name !== name)
    throw cannot(`load plan ${name}`, 'name', `'${name}', as its file ${file} is called`, loaded.name)
  if (loaded.schedule !== undefined) timetableOf(name, loaded.schedule)
  return loaded
}

export function unknownPlan(places: Places, name: string): Problem {
  const names = planNames(places)
  const hint = names.length === 0 ? `Write one: ${places.command('plan')} --new ${name}` : didYouMean(name, names)
  return cannot('run a plan', 'NAME', `a plan in ${places.plans}`, name, hint)
}

/** A module's default export. Throws a Problem with the place in the file when it can't be loaded. */
export async function loadDefault(path: string, action: string, places: Places): Promise<unknown> {
  try {
    const module: unknown = await import(path)
    return typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined
  } catch (error) {
    throw notLoaded(path, action, error, places)
  }
}

function notLoaded(path: string, action: string, error: unknown, places: Places): Problem {
  const shown = (file: string) => relative(places.root, file)
  const [first] = error instanceof AggregateError ? error.errors : [error]
  if (first instanceof BuildMessage && first.position !== null) {
    const { file, line, column, lineText } = first.position
    return cannot(
      action,
      `${shown(file)}:${line}:${column}`,
      'TypeScript that parses',
      lineText.trim(),
      `${first.message}.`,
    )
  }
  if (first instanceof ResolveMessage)
    return cannot(
      action,
      first.specifier,
      'a module that is there',
      first.message.replaceAll(`${places.root}/`, ''),
      /^[./]/.test(first.specifier) ? '' : `Install it in ${places.root}: bun add ${first.specifier}`,
    )
  const place = placeOf(first, places) ?? shown(path)
  return cannot(action, place, 'code that runs when it is imported', thrown(first), compilerHint(places))
}

/**
 * What a plan's own code threw outside of any step, as a Problem with the place in its file; undefined when none of its
 * files has a part in it.
 */
export function planMistake(error: unknown, name: string, places: Places): Problem | undefined {
  const place = placeOf(error, places)
  if (place === undefined) return undefined
  if (error instanceof Problem)
    return new Problem(`${error.message.replace(/\.$/, '')}. See ${place}`, { cause: error })
  return cannot(`build plan ${name}`, place, 'code that runs', thrown(error), compilerHint(places))
}

function compilerHint({ root, home }: Places): string {
  return `The compiler may say more: ${root === home ? 'bun run check' : 'bunx tsc --noEmit'}`
}

/** The first line of the stack that lies in the repository and not in Assay: `plans/functional-1.ts:12:3`. */
function placeOf(error: unknown, { root, home }: Places): string | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  for (const [, file = '', line, column] of stack.matchAll(/(\/[^\s():]+):(\d+):(\d+)/g))
    if (file.startsWith(`${root}/`) && !file.startsWith(join(home, 'lib/')) && !file.includes('/node_modules/'))
      return `${relative(root, file)}:${line}:${column}`
  return undefined
}

function thrown(error: unknown): string {
  return error instanceof Problem || !(error instanceof Error) ? messageOf(error) : `${error.name}: ${error.message}`
}

function kindOf(value: unknown): string {
  return value === undefined ? 'nothing' : typeof value
}

/** What plans and tasks have in common. */
export function isNamed(value: unknown): value is { readonly name: string; readonly title: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'title' in value &&
    typeof value.title === 'string'
  )
}

function isPlan(value: unknown): value is Plan {
  return (
    isNamed(value) &&
    'kind' in value &&
    (value.kind === 'functional' || value.kind === 'performance' || value.kind === 'smoke') &&
    'build' in value &&
    typeof value.build === 'function'
  )
}
