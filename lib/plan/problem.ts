/** Something a person can mend: shown as its sentence, never with a stack. */
export class Problem extends Error {
  override readonly name: string = 'Problem'
}

/** The system under test is wrong: the step that throws it is `failed`, where any other error makes it `errored`. */
export class Failure extends Problem {
  override readonly name: string = 'Failure'
}

/**
 * The house's error sentence: *Cannot `action` as '`what`' must be `rule`: current value is `value`*, then what to do next.
 *
 *     throw cannot('resize', 'sizes', 'a list like 1080p,800x600', '800x', 'Give both sides: 800x600.')
 */
export function cannot(action: string, what: string, rule: string, value: unknown, next = ''): Problem {
  return new Problem(sentence(action, what, rule, value, next))
}

export function sentence(action: string, what: string, rule: string, value: unknown, next = ''): string {
  const shown = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  const cut = shown.length > 200 ? `${shown.slice(0, 200)}…` : shown
  return `Cannot ${action} as '${what}' must be ${rule}: current value is ${cut === '' ? 'empty' : cut}${next && `. ${next}`}`
}

/** The system's code of anything thrown, `ENOENT`; undefined where it has none. */
export function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

/** The sentence of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
