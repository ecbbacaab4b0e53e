import type { RunEvent } from '../record/event.ts'

/** What passes by while a run goes on and is not kept in the journal. */
export type Passing =
  | { readonly event: 'progress'; readonly step: string; readonly text: string }
  | { readonly event: 'log'; readonly step: string; readonly line: string }

/** Follows a run: first come the journal's events, each after it was written. */
export type Observer = (event: RunEvent | Passing) => void
