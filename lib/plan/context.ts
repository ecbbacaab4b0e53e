/** What any piece of running work is given: how it hears that it should stop, and how it says what it does. */
export interface WorkContext {
  readonly signal: AbortSignal
  /** A line for the step's log. */
  log(line: string): void
  /** A few words on how far it is, shown while it runs and not kept: `12 of 36 images`. */
  progress(text: string): void
}
