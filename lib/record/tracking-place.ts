import type { ResultsFile, ResultsLimits } from './results-place.ts'

/**
 * A place that shows runs beside those of other programs and compares them, such as an MLflow server. Assay finds the default exports of
 * `tasks/<subject>/<name>.tracking.ts`, and uses those whose variable is set.
 */
export interface TrackingPlace {
  /** The variable that asks for it. */
  readonly variable: string
  /** Throws a Problem where the environment names it wrongly; nothing is sent before the first run. */
  open(env: Readonly<Record<string, string | undefined>>, limits: ResultsLimits): OpenTrackingPlace
}

export interface OpenTrackingPlace {
  /** For people: where it is, without what is secret. */
  readonly name: string
  /** Asks whether it would take runs, without showing any; rejects with a Problem that says in few words why it would not. */
  check?(): Promise<void>
  /**
   * Has the place show a run that has ended, once, however often and by whomever it is sent, also after one that came to no end; rejects
   * with a Problem that says in few words why it could not. Resolves with where it is shown.
   */
  send(run: TrackedRun, files: Iterable<ResultsFile>): Promise<ShownRun>
}

export interface ShownRun {
  /** `there`: nothing was to be added. `replaced`: it had gone on since it was sent. */
  readonly kind: 'new' | 'completed' | 'replaced' | 'there'
  /** For people: an address. */
  readonly where: string
  /** What the place would not take, and why. */
  readonly left: readonly string[]
}

/** A run in the words of tracking: what a place that has runs with parameters, tags and metrics can show of it. */
export interface TrackedRun {
  readonly plan: string
  readonly run: string
  /** Tells this state of the run from a later one, should it be resumed. */
  readonly state: string
  readonly status: 'FINISHED' | 'FAILED' | 'KILLED'
  /** Milliseconds since 1970. */
  readonly startTime: number
  readonly endTime: number
  readonly params: readonly TrackedText[]
  readonly tags: readonly TrackedText[]
  readonly metrics: readonly TrackedSample[]
}

/** A parameter or a tag. */
export interface TrackedText {
  readonly key: string
  readonly value: string
}

export interface TrackedSample {
  readonly key: string
  readonly value: number
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly step: number
}
