import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import * as v from 'valibot'
import { errorCode } from '../plan/problem.ts'
import { below } from '../record/below.ts'
import { fileStore, writeWhole } from '../record/files.ts'
import { standingOf, thisProcess } from '../record/holder.ts'
import { tryLock } from '../record/lock.ts'
import type { FoundRun } from './find-run.ts'
import type { Places } from './places.ts'

const note = v.object({ host: v.string(), boot: v.string(), pid: v.number(), started: v.string() })

/**
 * The runs that are to be shown by a tracking place and are not yet. A run notes so when it begins, and the note goes once it is shown: that
 * of a run that was killed, or whose place was down, stays.
 */
export interface OwedRuns {
  note(plan: string, run: string): void
  isOwed(plan: string, run: string): boolean
  /** Those with whom nobody goes on, oldest first. */
  all(): readonly FoundRun[]
  /** Sends the run unless another process is at it; its note goes when `send` resolves. Resolves with undefined where another one is. */
  settle<T>(one: FoundRun, send: () => Promise<T>): Promise<T | undefined>
}

export function owedRuns({ runs }: Places): OwedRuns {
  const store = fileStore(runs)
  const folderOf = (plan: string) => below(runs, [plan, '.owed-tracking'], 'plan')
  const noteOf = (plan: string, run: string) => below(folderOf(plan), [run], 'run')
  const write = (plan: string, run: string) => writeWhole(noteOf(plan, run), JSON.stringify(thisProcess()))
  return {
    note: write,
    isOwed: (plan, run) => existsSync(noteOf(plan, run)),
    all() {
      const found = store.plans().flatMap((plan) =>
        notesIn(folderOf(plan)).flatMap((run) => {
          const standing = standingAt(noteOf(plan, run))
          if (standing !== 'gone' || store.goesOn(plan, run)) return []
          // Of a run that never began, or that somebody removed.
          if (store.lastLine(plan, run) === undefined) {
            rmSync(noteOf(plan, run), { force: true })
            return []
          }
          return [{ store, plan, run }]
        }),
      )
      return found.sort((a, b) => (a.run < b.run ? -1 : 1))
    },
    async settle({ plan, run }, send) {
      const path = noteOf(plan, run)
      if (!existsSync(path)) write(plan, run)
      const fd = openSync(path, 'r')
      try {
        if (!tryLock(fd)) return undefined
        const sent = await send()
        rmSync(path, { force: true })
        return sent
      } finally {
        closeSync(fd)
      }
    },
  }
}

function notesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => !name.endsWith('.tmp')) : []
}

/** One that is none counts as left by somebody who is gone: what it owes is sent, and sending again adds nothing. */
function standingAt(path: string): ReturnType<typeof standingOf> {
  try {
    return standingOf(v.parse(note, JSON.parse(readFileSync(path, 'utf8'))))
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? 'alive' : 'gone'
  }
}
