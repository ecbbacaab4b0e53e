import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileStore } from '../record/files.ts'
import type { LockHolder } from '../record/store.ts'
import type { Enclosures } from './enclosure.ts'
import { readingOf } from './journals.ts'
import type { Evidence } from './judge.ts'
import type { Kill } from './kills.ts'
import { listeners } from './procs.ts'
import { type Ground, groundIn, type Subject, sit } from './sitting.ts'
import { type InFlight, type Struck, strike, survivors } from './strike.ts'
import { leftBehind, textOf, type Unbroken } from './unbroken.ts'
import { watchJournal } from './watch.ts'

export type Trial =
  /** The run was over before the kill, or there was no such victim. */
  | { readonly kind: 'late' | 'nobody' }
  | { readonly kind: 'killed'; readonly inFlight: InFlight; readonly evidence: Evidence }

export interface TrialOptions {
  readonly subject: Subject
  readonly unbroken: Unbroken
  readonly enclosures: Enclosures
  readonly signal: NodeJS.Signals
  /** A folder of its own. */
  readonly folder: string
}

/** Runs the plan, kills it at its moment, resumes it, and says what was seen. */
export async function tryKill(planned: Kill, options: TrialOptions): Promise<Trial> {
  const { subject, unbroken, enclosures, signal, folder } = options
  const ground = groundIn(folder, subject, planned.index)
  const name = `kill-${planned.index}-${planned.attempt}`
  // Ample, also where every core is busy: a run that hangs is what this tells.
  const patienceMs = 60_000 + 10_000 * unbroken.seconds
  const killed = sit(subject, ground, [subject.plan, ...subject.words], enclosures, name)
  try {
    const journal = watchJournal(ground.plans)
    const struck = await strike(planned, signal, killed, journal, patienceMs)
    if (struck.kind !== 'struck') return struck
    // It hangs, which will be told: it must not be in the way of what comes.
    if (struck.exit === undefined) await killed.enclosure.end()
    const text = journal.text()
    const reading = readingOf(text)
    const run = reading.kind === 'none' ? undefined : journal.run()
    const csv = csvOf(ground, run)
    const goesOn = reading.kind === 'record' && reading.record.ended === undefined
    if (planned.tear && goesOn && run !== undefined) appendFileSync(join(ground.plans, run, 'journal.jsonl'), halfALine)

    const resumed = sit(subject, ground, resumeWords(subject, run), enclosures, `${name}-resumed`)
    try {
      const from = performance.now()
      const exit = await resumed.exit(patienceMs)
      const late = struck.allAtOnce ? await survivors(killed.enclosure, from + 2000 - performance.now()) : []
      const after = watchJournal(ground.plans, run)
      const evidence = {
        journals: { before: struck.before, killed: text, resumed: after.text() },
        exits: { killed: struck.exit, resumed: exit },
        orphans: [...struck.orphans, ...late, ...(await survivors(resumed.enclosure))],
        csv: { killed: csv, resumed: csvOf(ground, after.run()) },
        files: leftBehind(ground, after.run() ?? ''),
        held: [...heldPorts(struck), ...heldLock(ground, subject.plan)],
      }
      return { kind: 'killed', inFlight: struck.inFlight, evidence }
    } finally {
      await resumed.enclosure.end()
    }
  } finally {
    await killed.enclosure.end()
  }
}

/** What a power cut may leave at the end of a journal. */
const halfALine = '{"event":"step-ended","at":"20'

/** A run that died before its first line is none: its parameters are not known either. */
function resumeWords({ plan, words }: Subject, run: string | undefined): readonly string[] {
  return run === undefined ? [plan, '--resume', ...words] : [plan, '--resume', '--run', run]
}

function csvOf({ plans }: Ground, run: string | undefined): string | undefined {
  return run === undefined ? undefined : textOf(join(plans, run, 'results.csv'))
}

/** Ports of services that the killed run's own sockets still listen on. */
function heldPorts({ before, listening }: Struck): readonly string[] {
  const ports = new Set([...before.matchAll(/(?:127\.0\.0\.1|localhost|\[::1\]):(\d+)/g)].map(([, port]) => port))
  const now = listeners()
  const held = [...listening].filter((socket) => now.has(socket)).map((socket) => socket.split(':')[0])
  return held.filter((port) => ports.has(port)).map((port) => `port ${port} is still listened on`)
}

function heldLock({ repository }: Ground, plan: string): readonly string[] {
  const holder: LockHolder = { run: 'torture', pid: process.pid, host: '', since: '' }
  const lock = fileStore(join(repository, 'runs')).lock(plan, holder)
  if (lock.kind === 'busy') return [`the lock is still held by run ${lock.holder?.run ?? '?'}`]
  lock.release()
  return []
}
