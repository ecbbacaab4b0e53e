import * as v from 'valibot'
import { type Finding, undecided } from '../../../lib/index.ts'
import { short } from '../words.ts'
import type { LossAt } from './loss-course.ts'

/** A training's loss curve that later ones are held against, schema 1: what it was made by, and how far repeats of it were apart. */
export const GoldenCurve = v.object({
  schema: v.literal(1),
  /** Versions, driver, hardware, threads: whatever may change numbers while nobody touched the code. */
  environment: v.record(v.string(), v.string()),
  /** SHA-256 of as much of the training's code as is seen, and of its settings. */
  code: v.string(),
  /** How much that is: the whole program, the command with the files that it names, or its words alone. */
  seen: v.optional(v.picklist(['program', 'named files', 'command']), 'program'),
  curve: v.array(v.object({ step: v.number(), loss: v.number() })),
  /** Of any step's loss: the farthest that repeats in one environment were apart. */
  band: v.number(),
})
export type GoldenCurve = v.InferOutput<typeof GoldenCurve>

/** What a curve was made by. */
export type MadeBy = Pick<GoldenCurve, 'environment' | 'code' | 'seen'>

/**
 * Holds a curve against the golden one. Where it lies outside of the band, what changed meanwhile says whose it is: *drift of environment*
 * where that alone did, *change of code* where the code did.
 */
export function judgeGolden(golden: GoldenCurve, run: MadeBy & { readonly curve: readonly LossAt[] }): Finding {
  const name = `the loss curve is the golden one within ${short(golden.band)}`
  const there = new Map(run.curve.map(({ step, loss }) => [step, loss]))
  const missing = golden.curve.filter(({ step }) => !there.has(step))
  if (missing.length === golden.curve.length) return undecided(name, 'no step is of both curves')
  const apart = golden.curve.flatMap(({ step, loss }) => {
    const own = there.get(step)
    return own === undefined || Math.abs(own - loss) <= golden.band ? [] : [{ step, loss, own }]
  })
  const [first] = apart
  if (first === undefined && missing.length === 0) return { name, verdict: 'pass' }
  const found =
    first === undefined
      ? `${missing.length} of its steps are missing`
      : `${apart.length} of ${golden.curve.length} steps lie outside, first step ${first.step}: ${first.own} where it was ${first.loss}`
  return { name, verdict: 'fail', reason: `${cause(golden, run)}: ${found}` }
}

function cause(golden: MadeBy, run: MadeBy): string {
  const names = [...new Set([...Object.keys(golden.environment), ...Object.keys(run.environment)])].sort()
  const changed = names.flatMap((name) => {
    const [before, now] = [golden.environment[name] ?? 'none', run.environment[name] ?? 'none']
    return before === now ? [] : [`${name} ${before} → ${now}`]
  })
  const environment = names.length === 0 ? 'its environment is not known' : ''
  if (golden.code !== run.code)
    return changed.length === 0
      ? told('change of code', environment)
      : `change of code, and of the environment (${changed.join(', ')})`
  const drift = changed.length === 0 ? undefined : `drift of environment (${changed.join(', ')})`
  if (run.seen === 'program') return told(drift ?? 'neither code nor environment changed', environment)
  return told(drift ?? 'nothing that is known of it changed', environment, unseen[run.seen])
}

const unseen = {
  'named files': 'of its code only its command and the files that it names are known',
  command: 'of its code only its command is known',
} as const

function told(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('; ')
}
