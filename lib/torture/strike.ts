import { type Enclosure, kill } from './enclosure.ts'
import { readingOf } from './journals.ts'
import type { Kill } from './kills.ts'
import { listeners, procOf } from './procs.ts'
import type { Sitting } from './sitting.ts'
import { type Cast, castOf, targetsOf } from './victims.ts'
import { type JournalWatch, untilMoment } from './watch.ts'

/** What was under way when the kill came. */
export interface InFlight {
  readonly step: boolean
  readonly service: boolean
  /** A program of a step's or a service's. */
  readonly program: boolean
}

/** A kill, and what was seen until the command had ended. */
export interface Struck {
  readonly kind: 'struck'
  readonly inFlight: InFlight
  /** The journal just before. */
  readonly before: string
  readonly exit: number | undefined
  /** What still ran after the time that DESIGN §5 gives it. */
  readonly orphans: readonly string[]
  /** Nothing of Assay was left to clean up, so that the next start must. */
  readonly allAtOnce: boolean
  /** Sockets that listened before, as `port:inode`. */
  readonly listening: ReadonlySet<string>
}

export type Strike =
  | Struck
  /** The run was over already. */
  | { readonly kind: 'late' }
  /** There was no such victim then. */
  | { readonly kind: 'nobody' }

/** Waits for the moment of `planned`, signals its victim, and looks on until the command has ended and what was left of it had time to. */
export async function strike(
  planned: Kill,
  signal: NodeJS.Signals,
  sitting: Sitting,
  journal: JournalWatch,
  patienceMs: number,
): Promise<Strike> {
  const { first, enclosure, ended } = sitting
  await untilMoment(planned.moment, { journal, first, pids: enclosure.pids, ended })
  const cast = castOf(first, enclosure.pids())
  const listening = listeners()
  const before = journal.text()
  const inFlight = inFlightOf(before, cast)
  const targets = targetsOf(planned, first, cast)
  if (ended()) return { kind: 'late' }
  if (targets.length === 0 || (planned.victim === 'service' && !inFlight.service)) return { kind: 'nobody' }
  if (!signalAtOnce(targets, signal)) return { kind: 'late' }

  const exit = await sitting.exit(patienceMs)
  const allAtOnce = signal === 'SIGKILL' && planned.victim === 'all'
  const orphans = allAtOnce ? [] : await survivors(enclosure)
  return { kind: 'struck', inFlight, before, exit, orphans, allAtOnce, listening }
}

/** Stopped first, so that none of several can act on the death of another; false when all of them were gone. */
function signalAtOnce(targets: readonly number[], signal: NodeJS.Signals): boolean {
  if (targets.length > 1 && signal === 'SIGKILL') for (const pid of targets) kill(pid, 'SIGSTOP')
  return targets.map((pid) => kill(pid, signal)).includes(true)
}

/** What still runs in the enclosure after `withinMs`, each with its command line; looks no longer than until it is empty. */
export async function survivors({ pids, all }: Enclosure, withinMs = 2000): Promise<readonly string[]> {
  for (const deadline = performance.now() + withinMs; performance.now() < deadline; await Bun.sleep(5))
    if (pids().length === 0 && all().length === 0) return []
  return all().flatMap((pid) => {
    const proc = procOf(pid)
    return proc === undefined ? [] : [`${pid}: ${proc.args.join(' ').slice(0, 200)}`]
  })
}

function inFlightOf(journal: string, cast: Cast): InFlight {
  const reading = readingOf(journal)
  const record = reading.kind === 'record' ? reading.record : undefined
  const last = new Map(record?.services.map(({ name, state }) => [name, state]))
  return {
    step: record?.steps.some(({ startedAt, ended }) => startedAt !== undefined && ended === undefined) ?? false,
    service: [...last.values()].some((state) => state === 'starting' || state === 'ready'),
    program: cast.others.length > 0,
  }
}
