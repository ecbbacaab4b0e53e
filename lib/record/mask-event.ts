import type { Masking } from '../plan/mask.ts'
import type { RunEvent } from './event.ts'

/** What a journal is read by, in an event and in the lists of findings and metrics in one: it stays as it is. */
const structure: ReadonlySet<string> = new Set([
  'event',
  'schema',
  'at',
  'plan',
  'run',
  'kind',
  'name',
  'step',
  'state',
  'outcome',
  'started',
  'inputs',
  'needs',
  'nodes',
  'selected',
  'code',
  'tree',
  'stopped',
])
const structureOfItems: ReadonlySet<string> = new Set(['verdict', 'unit', 'better'])

/** An event without secrets in what people and their code wrote; what the journal is read by stays as it is. */
export function maskEvent(event: RunEvent, mask: Masking): RunEvent {
  if (Object.values(event).every((value) => isClean(value, mask))) return event
  const fields = Object.entries<unknown>(event).map(([name, value]) => {
    if (structure.has(name)) return [name, value] as const
    const kept = name === 'findings' || name === 'metrics' ? structureOfItems : none
    return [name, masked(value, mask, kept, 2)] as const
  })
  const result: Record<string, unknown> = Object.fromEntries(fields)
  // What is kept is no longer what was handed on, so nothing may be built on it again.
  if (event.event === 'step-ended' && result.output !== event.output) delete result.inputs
  // Texts in place of texts, as the journal will be read.
  return JSON.parse(JSON.stringify(result))
}

/** Whether there is nothing to mask in it, which is nearly always so and is found without making anything. */
function isClean(value: unknown, mask: Masking): boolean {
  if (typeof value === 'string') return mask(value) === value
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) return value.every((item) => isClean(item, mask))
  for (const name in value) if (mask(name) !== name || !isClean(Reflect.get(value, name), mask)) return false
  return true
}

/** JSON with its secrets masked, in the names of its fields as well. */
export function maskJson(value: unknown, mask: Masking): unknown {
  return masked(value, mask, none, 0)
}

const none: ReadonlySet<string> = new Set()

/** The very same value where nothing in it is secret. `kept`: names of fields, `depth` levels below, that stay as they are. */
function masked(value: unknown, mask: Masking, kept: ReadonlySet<string>, depth: number): unknown {
  if (typeof value === 'string') return mask(value)
  if (typeof value !== 'object' || value === null || isClean(value, mask)) return value
  if (Array.isArray(value)) return value.map((item) => masked(item, mask, kept, depth - 1))
  const fields = Object.entries(value).map(
    ([name, field]) =>
      [mask(name), depth === 1 && kept.has(name) ? field : masked(field, mask, kept, depth - 1)] as const,
  )
  return Object.fromEntries(fields)
}
