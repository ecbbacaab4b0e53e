import * as v from 'valibot'

/** One line of numbers: `inference_requests_total{status="error"} 1`. */
export const Sample = v.object({ name: v.string(), labels: v.record(v.string(), v.string()), value: v.number() })
export type Sample = v.InferOutput<typeof Sample>

/** What an endpoint of metrics said, in the text format 0.0.4 of Prometheus, as far as it is about inference. */
export const Exposition = v.variant('kind', [
  v.object({ kind: v.literal('valid'), types: v.record(v.string(), v.string()), samples: v.array(Sample) }),
  v.object({ kind: v.literal('breach'), sentence: v.string() }),
])
export type Exposition = v.InferOutput<typeof Exposition>

const types = ['counter', 'gauge', 'histogram', 'summary', 'untyped']
const name = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const comment = new RegExp(`^# (HELP|TYPE) (${name})(?: (.*))?$`)
const line = new RegExp(`^(${name})(?:[ \\t]*\\{(.*)\\})?[ \\t]+(\\S+)(?:[ \\t]+(-?\\d+))?[ \\t]*$`)
const label = /^[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\\n]|\\[\\"n])*)"[ \t]*(?:,|$)/
const number = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i

/** Reads it as strictly as the format is written, and keeps the families whose name begins with `prefix`. */
export function readExposition(text: string, prefix: string): Exposition {
  try {
    return read(text, prefix)
  } catch (error) {
    if (error instanceof Breach) return { kind: 'breach', sentence: error.message }
    throw error
  }
}

class Breach extends Error {}

function read(text: string, prefix: string): Exposition {
  if (text !== '' && !text.endsWith('\n')) throw new Breach('its last line does not end')
  const helped = new Set<string>()
  const typed = new Map<string, string>()
  const seen = new Set<string>()
  // A family's lines are one group: `closed` has those that another one came after.
  const closed = new Set<string>()
  let family: string | undefined
  const enter = (next: string) => {
    if (closed.has(next)) throw new Breach(`the lines of ${next} are not together`)
    if (family !== undefined && family !== next) closed.add(family)
    family = next
  }
  const samples: Sample[] = []
  for (const [at, written] of text.split('\n').entries()) {
    const where = `line ${at + 1} (${written.slice(0, 80)})`
    const [, kind, of = '', rest = ''] = comment.exec(written) ?? []
    if (kind !== undefined) {
      enter(of)
      const known = kind === 'HELP' ? helped : typed
      if (known.has(of)) throw new Breach(`${where} is the second ${kind} of ${of}`)
      if (kind === 'HELP') helped.add(of)
      else if (!types.includes(rest)) throw new Breach(`${where} names no type`)
      else if ([...seen].some((one) => familyOf(nameOf(one), typed) === of)) throw new Breach(`${where} comes too late`)
      else typed.set(of, rest)
      continue
    }
    if (written.trim() === '' || written.startsWith('#')) continue
    const sample = parseSample(written)
    if (sample === undefined) throw new Breach(`${where} is no sample`)
    const own = familyOf(sample.name, typed)
    enter(own)
    const identity = `${sample.name}${JSON.stringify(Object.entries(sample.labels).sort())}`
    if (seen.has(identity)) throw new Breach(`${where} was said already`)
    seen.add(identity)
    if (!own.startsWith(prefix)) continue
    if (!Number.isFinite(sample.value)) throw new Breach(`${where} is no finite number`)
    samples.push(sample)
  }
  const kept = [...typed].filter(([of]) => of.startsWith(prefix))
  return { kind: 'valid', types: Object.fromEntries(kept), samples }
}

function nameOf(identity: string): string {
  return identity.slice(0, identity.indexOf('['))
}

/** A histogram's buckets, sum and count are lines of their own names. */
function familyOf(sample: string, typed: ReadonlyMap<string, string>): string {
  const base = sample.replace(/_(bucket|sum|count)$/, '')
  return ['histogram', 'summary'].includes(typed.get(base) ?? '') ? base : sample
}

function parseSample(written: string): Sample | undefined {
  const [, of, inside = '', shown = ''] = line.exec(written) ?? []
  const value = parseValue(shown)
  const labels = parseLabels(inside)
  return of === undefined || value === undefined || labels === undefined ? undefined : { name: of, labels, value }
}

function parseValue(shown: string): number | undefined {
  const word = shown.toLowerCase()
  if (word === 'nan') return Number.NaN
  if (/^[+-]?inf$/.test(word)) return word.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return number.test(shown) ? Number(shown) : undefined
}

function parseLabels(inside: string): Record<string, string> | undefined {
  const labels: Record<string, string> = {}
  for (let rest = inside; rest.trim() !== ''; ) {
    const [whole = '', of, escaped = ''] = label.exec(rest) ?? []
    if (of === undefined || of in labels) return undefined
    labels[of] = escaped.replace(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter))
    rest = rest.slice(whole.length)
  }
  return labels
}
