import type { RunEvent } from '../record/event.ts'
import type { Journal } from '../record/journal.ts'
import type { Mask } from '../record/mask.ts'
import { maskEvent } from '../record/mask-event.ts'
import { type Draft, next, type RunRecord } from '../record/run-record.ts'
import type { Observer } from './observe.ts'

/** Writes events to the journal, without secrets, keeps the record they add up to, and tells the observer. */
export function recorder(journal: Journal, mask: Mask, observe: Observer, before: Draft | undefined) {
  let draft = before
  return {
    record(happened: RunEvent) {
      const event = maskEvent(happened, mask)
      journal.append(event)
      draft = next(draft, event)
      observe(event)
    },
    current(): RunRecord {
      if (draft === undefined) throw new Error('Internal error: a run without its start')
      return draft
    },
  }
}
