import type { Graph } from '../plan/graph.ts'
import type { Params } from '../plan/param.ts'
import type { Plan } from '../plan/plan.ts'
import { cannot } from '../plan/problem.ts'
import { type Mask, maskOf } from '../record/mask.ts'
import { variableOf } from './params.ts'

/** A mask for everything that is secret before a plan is built: secret parameters, wherever their text comes from, and variables. */
export function maskFor<P extends Params>(
  plan: Plan<P>,
  env: Readonly<Record<string, string | undefined>>,
  given: Readonly<Record<string, string>>,
): Mask {
  const params = Object.entries<Params[string]>(plan.params ?? {})
  const secrets = params.flatMap(([name, param]) =>
    param.secret ? [given[name], env[param.env ?? variableOf(name)], param.default] : [],
  )
  return maskOf(
    env,
    secrets.flatMap((secret) => secret ?? []),
  )
}

/** What a step is called is how it is found again, so a name cannot be masked: one that holds a secret is refused. */
export function refuseSecretNames({ nodes }: Graph, plan: string, mask: Mask): void {
  for (const { name, kind } of nodes) {
    const shown = mask(name)
    if (shown !== name)
      throw cannot(`run ${plan}`, 'name', 'without a secret', shown, `It names a ${kind}: call it otherwise.`)
  }
}

/** The same error, its sentence and stack masked: it is on its way to where people read it. */
export function withoutSecrets(error: unknown, mask: Mask): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? mask(error) : error
  const { message, stack } = error
  error.message = mask(message)
  if (stack !== undefined) error.stack = mask(stack)
  return error
}
