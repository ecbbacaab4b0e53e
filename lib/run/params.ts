import type { Params } from '../plan/param.ts'
import type { Plan } from '../plan/plan.ts'

/** The text of every parameter of the plan: as given, else as in the run that is gone on with, else from its variable, else its default. */
export function givenParams<P extends Params>(
  plan: Plan<P>,
  env: Readonly<Record<string, string | undefined>>,
  given: Readonly<Record<string, string>>,
  earlier: Readonly<Record<string, string>>,
): Readonly<Record<string, string | undefined>> {
  const names = Object.entries<Params[string]>(plan.params ?? {})
  return Object.fromEntries(
    names.map(([name, param]) => [
      name,
      given[name] ?? earlier[name] ?? env[param.env ?? variableOf(name)] ?? param.default,
    ]),
  )
}

/** `pollInterval` is read from `ASSAY_POLL_INTERVAL`. */
export function variableOf(param: string): string {
  return `ASSAY_${param
    .replace(/[A-Z]/g, (letter) => `_${letter}`)
    .replaceAll('-', '_')
    .toUpperCase()}`
}

/** The parameters that are recorded: those that have a text and are not secret. */
export function recordedParams<P extends Params>(plan: Plan<P>, given: Readonly<Record<string, string | undefined>>) {
  const shown = Object.entries(given).flatMap(([name, value]) =>
    value === undefined || plan.params?.[name]?.secret ? [] : [[name, value] as const],
  )
  return Object.fromEntries(shown)
}
