import * as v from 'valibot'
import { messageOf, Problem, sentence } from './problem.ts'

/** A named value that comes in as text (a flag, a variable) and is handed on parsed. */
export interface Param<T> {
  readonly schema: v.GenericSchema<string, T>
  /** The text used when nobody gives any; none: the parameter is required. */
  readonly default?: string | undefined
  /** A few words for `--help`. */
  readonly help: string
  /** The variable it is read from; plans use `ASSAY_<NAME>` when this is absent. */
  readonly env?: string | undefined
  /** Its value stays out of every record. */
  readonly secret?: boolean | undefined
}

export type Params = Readonly<Record<string, Param<unknown>>>

export type ParamValues<P extends Params> = { readonly [K in keyof P]: P[K] extends Param<infer T> ? T : never }

/** A parameter of any valibot schema that reads text. */
export function param<T>(schema: v.GenericSchema<string, T>, options: Omit<Param<T>, 'schema'>): Param<T> {
  return { schema, ...options }
}

export function text(value: string | undefined, help: string, options: Partial<Param<string>> = {}): Param<string> {
  return { schema: v.string(), default: value, help, ...options }
}

/** A whole number between `min` and `max`. */
export function integer(
  value: number | undefined,
  help: string,
  { min = 0, max = Number.MAX_SAFE_INTEGER, ...options }: Partial<Param<number>> & { min?: number; max?: number } = {},
): Param<number> {
  const range = `a whole number from ${min}${max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`}`
  const schema = v.pipe(
    v.string(),
    v.regex(/^-?\d+$/, range),
    v.transform(Number),
    v.minValue(min, range),
    v.maxValue(max, range),
  )
  return { schema, default: value === undefined ? undefined : String(value), help, ...options }
}

/** One of a few words. */
export function oneOf<const T extends string>(
  words: readonly [T, ...T[]],
  value: NoInfer<T> | undefined,
  help: string,
  options: Partial<Param<T>> = {},
): Param<T> {
  const schema = v.pipe(v.string(), v.picklist(words, `one of ${words.join(', ')}`))
  return { schema, default: value, help, ...options }
}

/** `yes`/`no`; the flag alone means yes. */
export function flag(help: string, options: Partial<Param<boolean>> = {}): Param<boolean> {
  const schema = v.pipe(
    v.string(),
    v.picklist(['', 'yes', 'true', '1', 'no', 'false', '0'], 'yes or no'),
    v.transform((word) => ['', 'yes', 'true', '1'].includes(word)),
  )
  return { schema, default: 'no', help, ...options }
}

/**
 * Parses the texts given for `params`, the defaults filling the rest.
 * Throws a Problem that names the first parameter that is missing or wrong: `Cannot run stage2 as 'sizes' must be …`.
 */
export function parseParams<P extends Params>(
  params: P,
  given: Readonly<Record<string, string | undefined>>,
  action: string,
): ParamValues<P> {
  const values: Record<string, unknown> = {}
  for (const [name, param] of Object.entries(params)) values[name] = parseParam(name, param, given[name], action)
  // The record was filled key by key from `params` itself, which the type system cannot follow.
  return values as ParamValues<P>
}

function parseParam(name: string, param: Param<unknown>, given: string | undefined, action: string): unknown {
  const raw = given ?? param.default
  if (raw === undefined) throw new Problem(sentence(action, name, 'given', 'nothing', `${param.help}.`))
  try {
    const result = v.safeParse(param.schema, raw)
    if (result.success) return result.output
    const rule = result.issues[0].message
    if (!param.secret) throw new Problem(sentence(action, name, rule, raw))
    // Some rules tell what they were given.
    throw new Problem(sentence(action, name, raw === '' ? rule : rule.replaceAll(raw, '(secret)'), '(secret)'))
  } catch (error) {
    if (error instanceof Problem) throw error
    if (param.secret) throw new Problem(sentence(action, name, 'valid', '(secret)'))
    throw new Problem(sentence(action, name, `valid (${messageOf(error)})`, raw))
  }
}
