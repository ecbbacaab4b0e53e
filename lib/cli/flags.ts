import { parseArgs } from 'node:util'
import { didYouMean } from '../plan/did-you-mean.ts'
import { cannot } from '../plan/problem.ts'
import { columns } from './columns.ts'

/** A flag of a command, and its line in the command's `--help`. */
export interface Flag {
  readonly type: 'string' | 'boolean'
  /** It can be given several times. */
  readonly multiple?: boolean
  readonly short?: string
  /** What stands for its value in the help: `FILE`. */
  readonly value?: string
  readonly help: string
}

export type Flags = Readonly<Record<string, Flag>>

/** Flags that every command has. */
export const commonFlags = {
  dir: { type: 'string', value: 'DIR', help: "another repository's folder, whose plans and runs are meant" },
  help: { type: 'boolean', short: 'h', help: 'this text' },
} as const satisfies Flags

/**
 * The values of `flags` in `args`, and the words between them. Throws a Problem for a flag that `command` does not have,
 * one without its value and one given twice where it counts once.
 */
export function parseFlags<const F extends Flags>(command: string, flags: F, args: readonly string[]) {
  const { tokens } = parseArgs({
    args: [...args],
    options: flags,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const given = new Set<string>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const { name, rawName, value } = token
    const flag = Object.hasOwn(flags, name) ? flags[name] : undefined
    const action = `run the command ${command}`
    if (flag === undefined) throw cannot(action, 'flag', 'one it has', rawName, didYouMean(rawName, namesOf(flags)))
    if (flag.type === 'boolean' && value !== undefined) throw cannot(action, rawName, 'given without a value', value)
    // `--csv --json`: a flag was taken for the value that is missing.
    if (flag.type === 'string' && (value === undefined || (!token.inlineValue && /^-./.test(value))))
      throw cannot(
        action,
        rawName,
        `followed by ${flag.value ?? 'a value'}`,
        value ?? 'nothing',
        value === undefined ? '' : `A value that begins with a dash is written ${rawName}=${value}`,
      )
    if (given.has(name) && !flag.multiple) throw cannot(action, rawName, 'given once', 'two of them')
    given.add(name)
  }
  return parseArgs({ args: [...args], options: flags, strict: true, allowPositionals: true })
}

function namesOf(flags: Flags): readonly string[] {
  return Object.keys(flags).map((name) => `--${name}`)
}

/** A line a flag, the names in one column. */
export function flagLines(flags: Flags): string {
  return columns(
    Object.entries(flags).map(([name, { value, help }]) => [
      `--${name}${value === undefined ? '' : ` ${value}`}`,
      help,
    ]),
  )
}
