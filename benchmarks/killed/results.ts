import * as v from 'valibot'

const names = v.array(v.string())

/** What one kill came to. */
export const killed = v.object({
  /** As the parent sees it: 128 and the signal's number for one that was killed; null: it was still there after half a minute. */
  exit: v.nullable(v.number()),
  /** Tasks that had ended, and stand as passed where a machine reads results. */
  kept: names,
  /** Tasks that had ended and don't stand there. */
  lost: names,
  /** Tasks that stand there as passed and had not ended. */
  untrue: names,
  /** What lived two seconds after the kill (and after the runner's end, where it was another that was killed). */
  alive: names,
  /** The tasks that the next start ran. */
  next: names,
})
export interface Killed extends v.InferOutput<typeof killed> {}

/** All that the table is printed from. */
export const results = v.object({
  os: v.string(),
  countedBy: v.string(),
  runners: v.array(
    v.variant('kind', [
      v.object({ kind: v.literal('missing'), name: v.string(), unavailable: v.string() }),
      v.object({
        kind: v.literal('ran'),
        name: v.string(),
        version: v.string(),
        /** How it was started, and where a machine reads its results. */
        command: v.string(),
        artefact: v.string(),
        kills: v.array(v.object({ victim: v.string(), ...killed.entries })),
      }),
    ]),
  ),
})
export interface Results extends v.InferOutput<typeof results> {}
