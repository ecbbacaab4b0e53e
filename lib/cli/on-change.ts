import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { outcome } from '../record/event.ts'
import { fileStore, writeWhole } from '../record/files.ts'
import type { Places } from './places.ts'
import { tellProblem } from './print.ts'
import { type Told, tellBy } from './tell-by.ts'
import { writing } from './writing.ts'

const lastTold = v.object({ schema: v.literal(1), outcome, at: v.string() })

/**
 * Tells by `--on-change` where a plan came to another outcome than when it was run with that flag last; the first time, than the last
 * run that came to one. Says nothing of what came to none: a run that was stopped, or kept out by the lock.
 */
export async function tellChange(places: Places, command: string, told: Told): Promise<void> {
  const now = v.safeParse(outcome, told.outcome)
  if (!now.success || now.output === 'aborted') return
  const file = join(places.runs, told.plan, 'last-told.json')
  const before = lastToldIn(file) ?? lastOutcome(places, told)
  note(file, now.output)
  if (before === undefined || before === now.output) return
  await tellBy(places, { flag: '--on-change', what: 'the change', command, before }, told)
}

function note(file: string, outcome: string): void {
  try {
    const text = JSON.stringify({ schema: 1, outcome, at: new Date().toISOString() })
    writing(file, () => writeWhole(file, `${text}\n`))
  } catch (error) {
    tellProblem(error) // the plan's exit code stays what it is
  }
}

/** One that is none (torn, of a newer Assay) is as good as none: the runs tell then. */
function lastToldIn(file: string): string | undefined {
  if (!existsSync(file)) return undefined
  try {
    return v.parse(lastTold, JSON.parse(readFileSync(file, 'utf8'))).outcome
  } catch {
    return undefined
  }
}

const ended = v.object({ event: v.literal('run-ended'), outcome })

/** How the last run before this one ended, or an earlier sitting of this one. */
function lastOutcome({ runs }: Places, { plan, run: own }: Told): string | undefined {
  const store = fileStore(runs)
  for (const run of store.runs(plan).toReversed()) {
    const ends = (store.read(plan, run) ?? '').split('\n').filter((line) => line.startsWith('{"event":"run-ended"'))
    const last = (run === own?.run ? ends.slice(0, -1) : ends).map(outcomeOf).findLast((one) => one !== undefined)
    if (last !== undefined) return last
  }
  return undefined
}

function outcomeOf(line: string): string | undefined {
  try {
    const { outcome } = v.parse(ended, JSON.parse(line))
    return outcome === 'aborted' ? undefined : outcome
  } catch {
    return undefined // a damaged line is told to whoever asks for that run
  }
}
