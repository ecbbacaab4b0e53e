import type { RunEvent } from '../record/event.ts'
import type { Passing } from '../run/observe.ts'

/**
 * An event as a line of `--json`: the journal's own line; undefined for what is not kept (progress, logs), so that a run
 * followed live and one read later give the same lines.
 */
export function jsonLine(event: RunEvent | Passing): string | undefined {
  return event.event === 'progress' || event.event === 'log' ? undefined : `${JSON.stringify(event)}\n`
}
