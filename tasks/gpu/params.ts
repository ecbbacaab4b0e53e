import * as v from 'valibot'
import { type Param, param } from '../../lib/index.ts'

/** Which adapter a plan or task uses. */
export function adapterParam(): Param<string> {
  const rule = "hardware, software or part of an adapter's name"
  // A name keeps its letters: as it is given it is told back to whoever mistook it.
  const lower = v.transform((text: string) => (/^(hardware|software)$/i.test(text) ? text.toLowerCase() : text))
  const schema = v.pipe(v.string(), v.trim(), v.minLength(1, rule), lower)
  return param(schema, { default: 'hardware', help: `${rule}: hardware is never the CPU` })
}
