import { type Finding, undecided } from '../../lib/index.ts'

/** How many offenders a finding names; the report has the rest. */
const shown = 3

/** Passes when `broken`, a few words on each offender of `of`, is empty. */
export function promise(name: string, expected: string, broken: readonly string[], of?: number): Finding {
  if (broken.length === 0) return { name, verdict: 'pass' }
  return { name, verdict: 'fail', expected, actual: offenders(broken, of) }
}

/** As `promise`, where up to `most` of the offenders may be none; no more than that, and it is undecided for `reason`. */
export function promiseBut(
  name: string,
  expected: string,
  broken: readonly string[],
  of: number,
  doubt: { readonly most: number; readonly reason: string },
): Finding {
  if (broken.length === 0 || broken.length > doubt.most) return promise(name, expected, broken, of)
  return undecided(name, `${doubt.reason}: ${offenders(broken, of)}`)
}

function offenders(broken: readonly string[], of?: number): string {
  const named = broken.slice(0, shown).map((words) => (words.length > 200 ? `${words.slice(0, 200)}…` : words))
  const more = broken.length > shown ? ` and ${broken.length - shown} more` : ''
  return `${of === undefined ? '' : `${broken.length} of ${of}: `}${named.join('; ')}${more}`
}
