import type { RunEvent } from './event.ts'

/** Replaces every secret value in a text by `***`. */
export type Mask = (text: string) => string

const secretName = /KEY|SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL/i

/** A shorter value would mask words that only look like it. */
const shortest = 6

/** `postgres://user:secret@host` holds one whatever its variable is called. */
const passwordInUrl = /:\/\/[^/\s:@]*:([^/\s@]+)@/

/** A mask for the values of variables that are secret by their name, for passwords in URLs, and of `more`. */
export function maskOf(env: Readonly<Record<string, string | undefined>>, more: readonly string[] = []): Mask {
  const named = Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && secretName.test(name) ? [value] : [],
  )
  const inUrls = Object.values(env).flatMap((value) => value?.match(passwordInUrl)?.[1] ?? [])
  const secrets = [...new Set([...named, ...inUrls, ...more])].filter((value) => value.length >= shortest)
  // As JSON writes it too, since that is how much of what is logged was written.
  const written = [...new Set(secrets.flatMap((value) => [value, JSON.stringify(value).slice(1, -1)]))]
  // Longest first: one secret may be the beginning of another.
  written.sort((a, b) => b.length - a.length)
  if (written.length === 0) return (text) => text
  const pattern = new RegExp(written.map((value) => value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'g')
  return (text) => text.replace(pattern, '***')
}

/** An event without secrets in what people and their code wrote; what the journal is read by stays as it is. */
export function maskEvent(event: RunEvent, mask: Mask): RunEvent {
  const text = JSON.stringify(event)
  if (mask(text) === text) return event
  const masked: RunEvent = JSON.parse(text, (key, value) =>
    typeof value === 'string' && !structure.has(key) ? mask(value) : value,
  )
  if (masked.event !== 'step-ended' || event.event !== 'step-ended') return masked
  if (JSON.stringify(masked.output) === JSON.stringify(event.output)) return masked
  // What is kept is no longer what was handed on, so nothing may be built on it again.
  const { inputs: _, ...withoutInputs } = masked
  return withoutInputs
}

const structure = new Set([
  'event',
  'at',
  'plan',
  'run',
  'step',
  'name',
  'kind',
  'state',
  'outcome',
  'verdict',
  'unit',
  'better',
  'started',
  'inputs',
])
