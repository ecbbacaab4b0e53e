import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { cannot, messageOf } from '../plan/problem.ts'
import { writeWhole } from '../record/files.ts'

const figure = v.object({
  name: v.string(),
  unit: v.string(),
  n: v.number(),
  value: v.number(),
  /** Between which the true value lies, nineteen times in twenty; absent where samples are too few to say. */
  low: v.optional(v.number()),
  high: v.optional(v.number()),
})

const noiseFloor = v.object({
  schema: v.literal(1),
  /** When it was begun, in ISO 8601. */
  at: v.string(),
  /** The fingerprint of the machine. */
  machine: v.string(),
  cpu: v.string(),
  cores: v.number(),
  os: v.string(),
  bun: v.string(),
  figures: v.array(figure),
  detectable: v.array(v.object({ n: v.number(), change: v.number() })),
  /** What else went on while it was measured. */
  disturbances: v.array(v.object({ kind: v.string(), text: v.string() })),
})

/** One thing that was measured: its median, or the quantile that its name says. */
export interface Figure extends v.InferOutput<typeof figure> {}

/** What `noise` found on a machine. */
export interface NoiseFloor extends v.InferOutput<typeof noiseFloor> {}

/** What `noise` found on the machine of this fingerprint; undefined where it has not been run. `folder` is `.assay/noise`. */
export function readNoise(folder: string, machine: string): NoiseFloor | undefined {
  const path = fileOf(folder, machine)
  if (!existsSync(path)) return undefined
  try {
    return v.parse(noiseFloor, JSON.parse(readFileSync(path, 'utf8')))
  } catch (error) {
    throw cannot(
      'read the noise floor',
      path,
      'as this Assay writes it',
      messageOf(error),
      'Delete it, or measure it again.',
    )
  }
}

/** Keeps it in place of what was there for this machine; returns the file's path. */
export function writeNoise(folder: string, noise: NoiseFloor): string {
  const path = fileOf(folder, noise.machine)
  writeWhole(path, `${JSON.stringify(noise, undefined, 2)}\n`)
  return path
}

function fileOf(folder: string, machine: string): string {
  return join(folder, `${machine}.json`)
}
