import type { RunEvent } from '../../../../lib/record/event.ts'
import { readJournal } from '../../../../lib/record/journal.ts'
import { memoryStore } from '../../../../lib/record/memory.ts'
import { type RunRecord, recordOf } from '../../../../lib/record/run-record.ts'
import type { Store } from '../../../../lib/record/store.ts'
import type { RunResult } from '../../../../lib/run/run-options.ts'
import { runPlan } from '../../../../lib/run/run-plan.ts'
import type { Sitting } from './oracle.ts'
import type { Shape } from './shape.ts'
import { type VirtualClock, virtualClock } from './virtual-clock.ts'
import { nameOf, type Watch, watchOver } from './watch.ts'
import { watchedPlan } from './watched-plan.ts'

/** One sitting of a run that was watched to its end. */
export interface Sat {
  readonly result: Exclude<RunResult, { readonly kind: 'busy' }>
  readonly record: RunRecord
  /** What observers were told, in its order, without what passes by. */
  readonly events: readonly RunEvent[]
  /** The whole journal, earlier sittings included. */
  readonly journal: string
  readonly watch: Watch
}

export interface SittingOptions {
  /** What an earlier sitting left; none: a new run. */
  readonly earlier?: { readonly run: string; readonly journal: string } | undefined
  /** Runs only what stands in the plan up to this node. */
  readonly until?: number | undefined
  /** Tells the run to stop after so many events. */
  readonly stopAfter?: number | undefined
}

/** Sits through a run of the shape in virtual time. Rejects when it hangs. */
export async function sit(
  shape: Shape,
  sitting: Sitting,
  { earlier, until, stopAfter }: SittingOptions = {},
): Promise<Sat> {
  const clock = virtualClock()
  const disk = slowDisk(clock, shape.sync, earlier)
  const watch = watchOver(shape, sitting, clock, (index) => disk.isSafe(nameOf(index)))
  const events: RunEvent[] = []
  const stop = new AbortController()
  const result = await clock.drive(
    runPlan(watchedPlan(shape, sitting, clock, watch), {
      store: disk.store,
      clock,
      env: {},
      jobs: shape.jobs,
      cwd: '/',
      signal: stop.signal,
      observe(event) {
        if (event.event === 'log' || event.event === 'progress') return
        events.push(event)
        if (events.length === stopAfter) stop.abort(new Error('it was stopped'))
      },
      ...(earlier !== undefined && { resume: earlier.run }),
      ...(until !== undefined && { selection: { kind: 'until', name: nameOf(until) } }),
    }),
  )
  if (result.kind === 'busy') throw new Error('nobody else holds the lock')
  const journal = disk.store.read('random', result.run) ?? ''
  const record = recordOf(readJournal(journal, 'journal.jsonl'))
  if (record === undefined) throw new Error('the journal is empty')
  return { result, record, events, journal, watch }
}

/** The journal as if the machine had started anew since: then nothing of the run can live on, and a resume need not look for it. */
export function rebooted(journal: string): string {
  return journal.replaceAll(/"boot":"[^"]*"/g, '"boot":"an earlier one"')
}

/** A store in memory whose sync takes its time, and which knows whose end was on it when the last one began. */
function slowDisk(
  clock: VirtualClock,
  ms: number,
  earlier: SittingOptions['earlier'],
): { readonly store: Store; isSafe(step: string): boolean } {
  const store = memoryStore()
  if (earlier !== undefined) store.create('random', earlier.run).append(earlier.journal)
  const safe = new Set<string>()
  let written: string[] = []
  return {
    isSafe: (step) => safe.has(step),
    store: {
      ...store,
      create: (plan, run) => slow(store.create(plan, run)),
      open: (plan, run) => slow(store.open(plan, run)),
    },
  }

  function slow(run: ReturnType<Store['create']>): ReturnType<Store['create']> {
    return {
      ...run,
      append(lines) {
        run.append(lines)
        for (const line of lines.trimEnd().split('\n')) {
          const event = JSON.parse(line)
          if (event.event === 'step-ended') written.push(event.step)
        }
      },
      async sync() {
        const taken = written
        written = []
        if (ms > 0) await clock.sleep(ms)
        for (const step of taken) safe.add(step)
      },
    }
  }
}
