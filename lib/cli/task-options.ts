import * as v from 'valibot'
import { type Param, type Params, type ParamValues, parseParams } from '../plan/param.ts'
import { cannot } from '../plan/problem.ts'
import type { Task } from '../plan/task.ts'
import { columns } from './columns.ts'
import { type Flags, parseFlags } from './flags.ts'

/**
 * A task's options from its flags, where a flag is missing from its variable, else its default. Throws a Problem for a flag it
 * does not have and for a value that is not allowed.
 */
export function taskOptions<P extends Params>(
  task: Task<P>,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ParamValues<P> {
  const { values, positionals } = parseFlags(task.name, flagsOf(task.options), args)
  if (positionals[0] !== undefined)
    throw cannot(`run ${task.name}`, 'options', 'flags like --name value', positionals[0])
  const given = Object.entries<Param<unknown>>(task.options).map(([name, param]) => {
    const value = values[kebab(name)]
    const flag = value === true ? 'yes' : typeof value === 'string' ? value : undefined
    return [name, flag ?? (param.env === undefined ? undefined : env[param.env])]
  })
  return parseParams(task.options, Object.fromEntries(given), `run ${task.name}`)
}

/** The text of `task NAME --help`. */
export function taskHelp(task: Task, command: string): string {
  const rows = Object.entries(task.options).map(([name, param]) => {
    const { help, default: value, env, secret } = param
    const flag = isSwitch(param) ? `--${kebab(name)}` : `--${kebab(name)} …`
    const shown = value === undefined ? 'required' : secret ? 'secret' : `default ${value === '' ? 'empty' : value}`
    return [flag, env ?? '', `${help} (${shown})`]
  })
  return `${command} ${task.name}\n${task.title}\n\noptions, also read from the variable\n${columns(rows)}`
}

function flagsOf(options: Params): Flags {
  return Object.fromEntries(
    Object.entries(options).map(([name, param]) => [
      kebab(name),
      { type: isSwitch(param) ? 'boolean' : 'string', help: param.help },
    ]),
  )
}

/** An option that is yes or no needs no value: the flag alone says yes. */
function isSwitch({ schema, default: value }: Param<unknown>): boolean {
  const parsed = v.safeParse(schema, value ?? 'no')
  return parsed.success && typeof parsed.output === 'boolean'
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
