import type { Plan } from '../plan/plan.ts'
import type { Places } from './places.ts'
import type { PlanFlags } from './plan-flags.ts'

/** The command that runs this plan again as it was run now; a secret parameter is left for the person to give. */
export function againCommand(places: Places, plan: Plan, flags: PlanFlags): string {
  const secret = (text: string) => plan.params?.[text.split('=')[0] ?? '']?.secret === true
  const words = [places.command('plan'), quoted(plan.name)]
  for (const set of flags.set ?? [])
    if (isParam(plan, set)) words.push('--set', secret(set) ? `${set.split('=')[0]}=…` : quoted(set))
  for (const file of flags['env-file'] ?? []) words.push('--env-file', quoted(file))
  for (const step of flags.only ?? []) words.push('--only', quoted(step))
  if (flags.until !== undefined) words.push('--until', quoted(flags.until))
  if (flags.jobs !== undefined) words.push('--jobs', flags.jobs)
  for (const flag of ['strict', 'allow-skip', 'keep', 'create-buckets'] as const)
    if (flags[flag]) words.push(`--${flag}`)
  if (flags.dir !== undefined) words.push('--dir', quoted(flags.dir))
  return words.join(' ')
}

function isParam(plan: Plan, set: string): boolean {
  return Object.hasOwn(plan.params ?? {}, set.split('=')[0] ?? '')
}

/** A word as bash and zsh read it, in letters that every view shows as they are. */
export function quoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word
  if (!unseen.test(word)) return `'${word.replaceAll("'", "'\\''")}'`
  const seen = word.replace(/[\\']/g, '\\$&').replace(new RegExp(unseen, 'gu'), inOctal)
  return `$'${seen}'`
}

/** What a terminal would act on, and a view therefore leaves out. */
const unseen = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff]/u

/** Byte by byte, with all three digits, since a digit may follow. */
function inOctal(letter: string): string {
  if (letter === '\n') return '\\n'
  return [...Buffer.from(letter)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
}
