import { isDeepStrictEqual } from 'node:util'
import type { Json } from './json.ts'

/** One judgement of a check; `undecided` when the evidence is too thin for either answer, always with its reason. */
export type Finding =
  | { readonly name: string; readonly verdict: 'pass' }
  | {
      readonly name: string
      readonly verdict: 'fail'
      readonly reason?: string | undefined
      readonly expected?: Json | undefined
      readonly actual?: Json | undefined
    }
  | { readonly name: string; readonly verdict: 'undecided'; readonly reason: string }

/** Passes when both are the same JSON, deeply. */
export function equal<T extends Json>(name: string, actual: T, expected: NoInfer<T>): Finding {
  return isDeepStrictEqual(actual, expected) ? { name, verdict: 'pass' } : { name, verdict: 'fail', expected, actual }
}

/** Passes when `condition` is true; `reason` says what was found when it is not. */
export function holds(name: string, condition: boolean, reason: string): Finding {
  return condition ? { name, verdict: 'pass' } : { name, verdict: 'fail', reason }
}

/** Neither pass nor fail, since `reason`. Counted in the last line, and a failure under `--strict`. */
export function undecided(name: string, reason: string): Finding {
  return { name, verdict: 'undecided', reason }
}
