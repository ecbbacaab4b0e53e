import { existsSync, mkdirSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { writeWhole } from './files.ts'
import { aloneWith } from './lock.ts'

const refusal = v.object({ schema: v.literal(1), at: v.string(), holder: v.optional(v.string()) })

/** A start that the plan's lock kept from becoming a run: when, and the run that held it. */
export interface Refusal extends Omit<v.InferOutput<typeof refusal>, 'schema'> {}

// Beside the runs and not in one, since there was none.
const fileIn = (folder: string) => join(folder, 'refused.jsonl')

/** Seconds: whoever has the file has it for a moment. */
const patience = 5

/** Adds a refusal to those of the plan whose runs are in `folder`. */
export function noteRefusal(folder: string, { at, holder }: Refusal): void {
  mkdirSync(folder, { recursive: true })
  const line = `${JSON.stringify({ schema: 1, at, ...(holder !== undefined && { holder }) })}\n`
  aloneWith(fileIn(folder), 'a', patience, (fd) => writeSync(fd, line))
}

/** Forgets those from before `time`, and returns how many bytes that frees; `dry`: would free. */
export function forgetRefusals(folder: string, time: Date, dry: boolean): number {
  const path = fileIn(folder)
  if (!existsSync(path)) return 0
  // Nobody adds a line while the file is put in the place of the one before.
  return aloneWith(path, 'a', patience, () => {
    const text = readFileSync(path, 'utf8')
    const kept = text.split(/(?<=\n)/).filter((line) => {
      const refused = refusalOf(line)
      return refused === undefined || new Date(refused.at) >= time // what is none of ours may be a newer Assay's
    })
    const freed = Buffer.byteLength(text) - Buffer.byteLength(kept.join(''))
    if (freed > 0 && !dry) writeWhole(path, kept.join(''))
    return freed
  })
}

/** The refusals of the plan whose runs are in `folder`, oldest first; a line that is none (torn, of a newer Assay) is left out. */
export function readRefusals(folder: string): readonly Refusal[] {
  if (!existsSync(fileIn(folder))) return []
  return readFileSync(fileIn(folder), 'utf8')
    .split('\n')
    .flatMap((line) => refusalOf(line) ?? [])
}

function refusalOf(line: string): Refusal | undefined {
  try {
    const parsed = v.safeParse(refusal, JSON.parse(line))
    if (!parsed.success) return undefined
    const { schema: _, ...refused } = parsed.output
    return refused
  } catch {
    return undefined // no refusal, which the caller leaves out
  }
}
