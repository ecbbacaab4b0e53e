import fc from 'fast-check'
import type { Json } from '../../lib/plan/json.ts'

/** A change of one place in a JSON value. */
export interface Edit {
  /** Which of its places, counted through. */
  readonly at: number
  readonly how: 'replace' | 'remove' | 'add' | 'repeat'
  readonly name: string
  readonly value: Json
}

const names = fc.constantFrom(
  'event',
  'step',
  'name',
  'outcome',
  'x',
  '',
  '__proto__',
  'constructor',
  'toString',
  'length',
)

const anyJson: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(null, true, false, '', 0, -1, 1.5, 1e308, [], {}, 'passed', '../../x', [null], { a: 1 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.integer(),
)

export const edits: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(),
  how: fc.constantFrom('replace', 'replace', 'remove', 'add', 'repeat'),
  name: names,
  value: anyJson,
})

/** The value with one of its places changed: a member, an element, or all of it. */
export function edited(value: Json, { at, how, name, value: other }: Edit): Json {
  const places = placesOf(value)
  const path = places[at % places.length] ?? []
  return changed(value, path, (here) => {
    switch (how) {
      case 'replace':
      case 'remove':
        return how === 'replace' ? other : undefined
      case 'repeat':
        return Array.isArray(here) ? [...here, ...here] : [here, here]
      case 'add':
        if (Array.isArray(here)) return [...here, other]
        return isRecord(here) ? withMember(here, name, other) : here
    }
  })
}

type Path = readonly (string | number)[]

function placesOf(value: Json, path: Path = []): Path[] {
  const below = Array.isArray(value)
    ? value.flatMap((one, index) => placesOf(one, [...path, index]))
    : isRecord(value)
      ? Object.entries(value).flatMap(([name, one]) => placesOf(one ?? null, [...path, name]))
      : []
  return [path, ...below]
}

function changed(value: Json, [first, ...rest]: Path, change: (here: Json) => Json | undefined): Json {
  if (first === undefined) return change(value) ?? null
  if (Array.isArray(value))
    return value.flatMap((one, index) => {
      if (index !== first) return [one]
      const now = rest.length === 0 ? change(one) : changed(one, rest, change)
      return now === undefined ? [] : [now]
    })
  if (!isRecord(value)) return value
  const here = value[String(first)] ?? null
  const now = rest.length === 0 ? change(here) : changed(here, rest, change)
  return withMember(value, String(first), now)
}

/** Also where the name is `__proto__`, which a literal or an assignment would take for something else. */
function withMember(record: { readonly [key: string]: Json | undefined }, name: string, value: Json | undefined): Json {
  const entries = Object.entries(record).filter(([other]) => other !== name)
  return Object.fromEntries(value === undefined ? entries : [...entries, [name, value]])
}

function isRecord(value: Json): value is { readonly [key: string]: Json | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
