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
  const fields = Object.entries<unknown>(event).map(([name, value]) => {
    if (structure.has(name)) return [name, value] as const
    const kept = name === 'findings' || name === 'metrics' ? structureOfItems : none
    return [name, masked(value, mask, kept, 2)] as const
  })
  if (fields.every(([name, value]) => value === Reflect.get(event, name))) return event
  const result: Record<string, unknown> = Object.fromEntries(fields)
  // What is kept is no longer what was handed on, so nothing may be built on it again.
  if (event.event === 'step-ended' && result.output !== event.output) delete result.inputs
  // Only texts were replaced by texts, which the type system cannot follow.
  return result as unknown as RunEvent
}

/** JSON with its secrets masked, in the names of its fields as well. */
export function maskJson(value: unknown, mask: Masking): unknown {
  return masked(value, mask, none, 0)
}

const none: ReadonlySet<string> = new Set()

/** The very same value where nothing in it is secret. `kept`: names of fields, `depth` levels below, that stay as they are. */
function masked(value: unknown, mask: Masking, kept: ReadonlySet<string>, depth: number): unknown {
  if (typeof value === 'string') return mask(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const items = value.map((item) => masked(item, mask, kept, depth - 1))
    return items.every((item, at) => item === value[at]) ? value : items
  }
  let same = true
  const fields = Object.entries(value).map(([name, field]) => {
    const [shown, inside] = [mask(name), depth === 1 && kept.has(name) ? field : masked(field, mask, kept, depth - 1)]
    same &&= shown === name && inside === field
    return [shown, inside] as const
  })
  return same ? value : Object.fromEntries(fields)
}
