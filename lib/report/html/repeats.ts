import type { RunEvent } from '../../record/event.ts'

/** Why each attempt but the last of a step did not pass, of those that had several in the newest sitting. */
export function repeatsOf(events: Iterable<RunEvent>): ReadonlyMap<string, readonly string[]> {
  const repeats = new Map<string, string[]>()
  for (const event of events) {
    if (event.event === 'run-resumed') repeats.clear()
    if (event.event !== 'step-started' || event.attempt === 1) continue
    const reasons = repeats.get(event.step) ?? []
    repeats.set(event.step, reasons)
    reasons.push(event.because ?? 'it did not pass')
  }
  return repeats
}
