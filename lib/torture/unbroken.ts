import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Problem } from '../plan/problem.ts'
import type { RunRecord } from '../record/run-record.ts'
import type { Enclosures } from './enclosure.ts'
import { readingOf } from './journals.ts'
import { nameless, type Reference } from './judge.ts'
import type { Course } from './kills.ts'
import { filesBelow } from './mirror.ts'
import { type Ground, groundIn, type Subject, sit } from './sitting.ts'
import { unsteadyIn } from './unsteady.ts'
import { courseOf, watchJournal } from './watch.ts'

export interface Unbroken {
  readonly reference: Reference
  readonly course: Course
  /** How long it took, in seconds. */
  readonly seconds: number
}

/** What lies in a run's folder and in that for temporary files. */
export function leftBehind({ plans, temporary }: Ground, run: string): readonly string[] {
  return [
    ...filesBelow(join(plans, run)).map((path) => `<run>/${path}`),
    ...filesBelow(temporary).map((path) => `<tmp>/${path}`),
  ]
}

/** A file's text; undefined where there is none. */
export function textOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

/** Runs the subject unbroken this often, to know what it comes to and what is never the same. Throws a Problem when that is nothing to go by. */
export async function unbroken(
  subject: Subject,
  folder: string,
  times: number,
  enclosures: Enclosures,
): Promise<Unbroken> {
  const records: RunRecord[] = []
  const files = new Set<string>()
  const exits = new Set<number | undefined>()
  let course: Course = { lines: [], ms: 0, births: 0, writes: [] }
  const from = performance.now()
  for (let time = 1; time <= times; time++) {
    const ground = groundIn(join(folder, `unbroken-${time}`), subject, -time)
    const sitting = sit(subject, ground, [subject.plan, ...subject.words], enclosures, `unbroken-${time}`)
    try {
      const journal = watchJournal(ground.plans)
      const { first, ended, enclosure } = sitting
      course = await courseOf({ journal, first, pids: enclosure.pids, ended })
      exits.add(await sitting.exit(0))
      const reading = readingOf(journal.text())
      const said = textOf(ground.output)?.trimEnd().split('\n').slice(-15).join('\n')
      if (reading.kind !== 'record' || reading.record.ended === undefined)
        throw new Problem(`Cannot torture ${subject.plan} as its unbroken run leaves no record:\n${said}`)
      if (!['passed', 'failed'].includes(reading.record.ended.outcome))
        throw new Problem(
          `Cannot torture ${subject.plan} as its unbroken run ended ${reading.record.ended.outcome}:\n${said}`,
        )
      records.push(reading.record)
      for (const path of leftBehind(ground, reading.record.heading.run)) files.add(nameless(path))
    } finally {
      await sitting.enclosure.end()
    }
  }
  const seconds = (performance.now() - from) / 1000 / times
  const [record] = records
  const [exit, ...other] = exits
  if (record === undefined || exit === undefined || other.length > 0)
    throw new Problem(`Cannot torture ${subject.plan} as its unbroken runs exit differently: ${[...exits].join(', ')}`)
  return { reference: { exit, record, unsteady: unsteadyIn(records), files }, course, seconds }
}
