import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'

const refusal = v.object({ schema: v.literal(1), at: v.string(), holder: v.optional(v.string()) })

/** A start that the plan's lock kept from becoming a run: when, and the run that held it. */
export interface Refusal extends Omit<v.InferOutput<typeof refusal>, 'schema'> {}

// Beside the runs and not in one, since there was none.
const fileIn = (folder: string) => join(folder, 'refused.jsonl')

/** Adds a refusal to those of the plan whose runs are in `folder`. */
export function noteRefusal(folder: string, { at, holder }: Refusal): void {
  mkdirSync(folder, { recursive: true })
  appendFileSync(fileIn(folder), `${JSON.stringify({ schema: 1, at, ...(holder !== undefined && { holder }) })}\n`)
}

/** The refusals of the plan whose runs are in `folder`, oldest first; a line that is none (torn, of a newer Assay) is left out. */
export function readRefusals(folder: string): readonly Refusal[] {
  if (!existsSync(fileIn(folder))) return []
  const lines = readFileSync(fileIn(folder), 'utf8').split('\n')
  return lines.flatMap((line) => {
    const parsed = v.safeParse(refusal, parseJson(line))
    if (!parsed.success) return []
    const { schema: _, ...refused } = parsed.output
    return [refused]
  })
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined // no refusal, which the caller leaves out
  }
}
