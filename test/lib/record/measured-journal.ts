import type { MetricRecord, Outcome, RunEvent } from '../../../lib/record/event.ts'

export interface JournalOptions {
  readonly plan: string
  readonly run: string
  readonly event?: 'run-started' | 'run-resumed'
  readonly at?: string
  readonly machine?: string | undefined
  readonly commit?: string
  readonly params?: Readonly<Record<string, string>>
  readonly metrics?: readonly MetricRecord[]
  /** Undefined: it has no end. */
  readonly end?: Outcome | undefined
}

/** A metric in seconds as it is kept, without a reference. */
export function measured(name: string, samples: readonly number[]): MetricRecord {
  return { name, unit: 's', better: 'lower', samples: [...samples], verdict: 'recorded' }
}

/** The journal of a run of one measure, called `measure`. */
export function journalText(options: JournalOptions): string {
  const { plan, run, event = 'run-started', at = '2026-11-21T02:30:00.000Z', commit, params = {} } = options
  const machine = 'machine' in options ? options.machine : 'm1'
  const end = 'end' in options ? options.end : 'passed'
  const heading = { at, plan, kind: 'performance' as const, title: 'A plan', run, params: { ...params }, tags: [] }
  const environment = {
    ...{ host: 'h', cpu: 'c', cores: 1, memory: 1, os: 'o', bun: 'b' },
    ...(machine !== undefined && { machine }),
    ...(commit !== undefined && { commit }),
  }
  const nodes: { name: string; kind: 'measure'; needs: string[] }[] = [{ name: 'measure', kind: 'measure', needs: [] }]
  const events: RunEvent[] = [
    { event, schema: 1, ...heading, again: `bun run plan ${plan}`, nodes, environment },
    { event: 'step-started', at, step: 'measure', attempt: 1 },
    {
      ...{ event: 'step-ended', at, step: 'measure', outcome: 'passed', duration: 1, attempts: 1 },
      metrics: [...(options.metrics ?? [measured('time', [1, 2, 3])])],
    },
  ]
  if (end !== undefined) {
    const exit = end === 'passed' ? 0 : end === 'failed' ? 1 : 2
    events.push({ event: 'run-ended', at, outcome: end, exit, duration: 2 })
  }
  return events.map((event) => `${JSON.stringify(event)}\n`).join('')
}
