/**
 * A place beyond this machine that keeps a copy of what runs leave. Assay finds the default exports of `tasks/<subject>/<name>.results.ts`,
 * and uses those whose variable is set.
 */
export interface ResultsPlace {
  /** The variable that asks for it: one that begins with `RESULTS_`. */
  readonly variable: string
  /** Throws a Problem where the environment names it wrongly; nothing is sent before the first file. */
  open(env: Readonly<Record<string, string | undefined>>, limits: ResultsLimits): OpenResultsPlace
}

export interface ResultsLimits {
  /** Ends what is under way. */
  readonly signal: AbortSignal
  /** Nothing is waited for, or tried again, for longer than so many milliseconds. */
  readonly patience: number
}

export interface OpenResultsPlace {
  /** For people: where it is, without what is secret. */
  readonly name: string
  /** Stores a file in place of what is there; rejects with a Problem that says in few words why it could not: `connection refused`. */
  put(file: ResultsFile): Promise<void>
}

export interface ResultsFile {
  /** `plan/run/results.csv` */
  readonly path: string
  readonly type: string
  readonly content: Uint8Array
}
