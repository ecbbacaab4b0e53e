import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Problem } from '../plan/problem.ts'
import type { RunRecord } from '../record/run-record.ts'
import type { Enclosures } from './enclosure.ts'
import { readingOf } from './journals.ts'
import { nameless, type Reference } from './judge.ts'
import type { Course } from './kills.ts'
import { filesBelow } from './mirror.ts'
import { type Ground, groundIn, type Subject, sit } from './sitting.ts'
import { survivors } from './strike.ts'
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

interface One {
  readonly exit: number | undefined
  readonly record: RunRecord
  readonly files: readonly string[]
  readonly course: Course
}

/** Runs the subject unbroken. Throws a Problem when what it comes to is nothing to go by. */
export async function unbrokenRun(
  subject: Subject,
  folder: string,
  number: number,
  enclosures: Enclosures,
): Promise<One> {
  const refused = (why: string, said = '') =>
    new Problem(`Cannot torture ${subject.plan} as its unbroken run ${why}${said}`)
  const own = join(folder, `unbroken-${number}`)
  const ground = groundIn(own, subject, -number)
  const sitting = sit(subject, ground, [subject.plan, ...subject.words], enclosures, `unbroken-${number}`)
  try {
    const journal = watchJournal(ground.plans)
    const { first, ended, enclosure } = sitting
    const course = await courseOf({ journal, first, pids: enclosure.pids, ended })
    const exit = await sitting.exit(1000)
    const reading = readingOf(journal.text())
    const lines = textOf(ground.output)?.trimEnd().split('\n').slice(-15).join('\n')
    // As if it had run where it stands: there is nothing left of the other place to look at.
    const said = `:\n${lines?.replaceAll(ground.repository, subject.root)}`
    if (reading.kind !== 'record' || reading.record.ended === undefined) throw refused('leaves no record', said)
    const { outcome } = reading.record.ended
    if (outcome !== 'passed' && outcome !== 'failed') throw refused(`ended ${outcome}`, said)
    const [survivor] = await survivors(enclosure)
    if (survivor !== undefined) throw refused(`leaves a process behind: ${survivor}`)
    return { exit, record: reading.record, files: leftBehind(ground, reading.record.heading.run), course }
  } finally {
    await sitting.enclosure.end()
    rmSync(own, { recursive: true, force: true })
  }
}

/** Runs the subject unbroken this often, to know what it comes to and what is never the same. */
export async function unbroken(
  subject: Subject,
  folder: string,
  times: number,
  enclosures: Enclosures,
  telling: (text: string) => void,
): Promise<Unbroken> {
  const from = performance.now()
  const next = (number: number) => {
    telling(`unbroken run ${number} of ${times}, to know what it comes to`)
    return unbrokenRun(subject, folder, number, enclosures)
  }
  const first = await next(1)
  const others: One[] = []
  while (others.length < times - 1) others.push(await next(others.length + 2))
  const seconds = (performance.now() - from) / 1000 / times
  const all = [first, ...others]
  const exits = [...new Set(all.map(({ exit }) => exit))]
  const { exit, record } = first
  if (exit === undefined || exits.length > 1)
    throw new Problem(`Cannot torture ${subject.plan} as its unbroken runs exit differently: ${exits.join(', ')}`)
  const unsteady = unsteadyIn(all.map(({ record }) => record))
  const files = new Set(all.flatMap(({ files }) => files.map(nameless)))
  return { reference: { exit, record, unsteady, files }, course: others.at(-1)?.course ?? first.course, seconds }
}
